"""What an allocation has to cope with occurs in a sample of ordinary size, and most of it can be allocated."""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
import shapely

from app.sample.vocabulary import HOPELESS, TRADITIONAL
from tests.sample.conftest import AS_OF, City

TODAY = AS_OF.isoformat()
REASONS = {
    "AGENT_TERMINATED",
    "AGENT_REQUEST",
    "CUSTOMER_REQUEST",
    "TRANSFER_IN_DOMESTIC",
    "TRANSFER_IN_EXTERNAL",
    "LAPSED_SELF_SOLD",
    "OTHER_CHANNEL",
    "NO_QUALIFIED_SERVICER",
}


def test_every_reason_kind_state_and_system_occurs(town: City) -> None:
    shares = town.table("events")["reason"].value_counts(normalize=True, sort=True)
    assert set(shares["reason"]) == REASONS
    assert shares["reason"][0] == "AGENT_TERMINATED"
    assert 0.5 < shares["proportion"][0] < 0.7
    addresses = town.table("addresses")
    assert set(addresses["kind"]) == {"CUSTOMER_CONFIRMED", "VISIT_CONFIRMED", "POSTAL", "HOME", "WORK"}
    assert set(addresses["crs"]) == {None, "BD09", "GCJ02", "WGS84", "CGCS2000"}
    assert set(town.table("gazetteer")["crs"]) == {"BD09", "GCJ02", "WGS84", "CGCS2000"}
    assert set(town.table("gazetteer")["kind"]) == {"COMPOUND", "DOOR", "ROAD", "POI", "COMMUNITY"}
    assert set(town.table("policies")["status"]) == {"IN_FORCE", "LAPSED", "ENDED"}
    assert set(town.table("agents")["state"]) == {"01", "02", "03", "04"}
    assert set(town.table("agents")["qualified"]) == {"true", "false"}
    assert set(town.table("teams")["takes_part"]) == {"true", "false"}
    terms = set(town.table("policies")["term_years"])
    assert {None, "0", "1", "10"} <= terms


def test_shares_of_codes_points_and_further_addresses(town: City) -> None:
    addresses = town.table("addresses")
    count = len(addresses)
    assert 0.06 < addresses["community_code"].count() / count < 0.10
    assert 0.04 < addresses["lon"].count() / count < 0.06
    assert (addresses["lon"].is_null() == addresses["crs"].is_null()).all()
    assert 1.08 < count / len(town.table("policyholders")) < 1.20
    assert 1.7 < len(town.table("policies")) / len(town.table("policyholders")) < 1.9
    compounds = town.table("gazetteer").filter(pl.col("kind") == "COMPOUND")
    assert compounds.group_by("district", "road", "number").len().filter(pl.col("len") > 1).height > 100


def test_addresses_are_written_in_many_ways(town: City) -> None:
    text = town.table("addresses")["text"]
    traditional = "".join(TRADITIONAL.values())
    for pattern in (
        r"^青岚省云澜市.{2}区.*路\d+号.*\d+室$",
        r"^云澜市[^区县]*\d+号",
        r"[０-９]号",
        r"^青岚省云澜市 \S+ ",
        rf"^青[{traditional}]省云[{traditional}]市|^青[{traditional}]省[{traditional}]",
        r"[一二三四五六七八九十]+单元",
        r"（.+）$",
        r"^青岚省.{2}[区县]",
        r"\d组\d+号$",
        r"路\d+号\d+(幢|栋|号楼|座)",
    ):
        assert text.str.contains(pattern).any(), pattern
    assert text.is_in(HOPELESS).any()
    assert text.is_in(HOPELESS).mean() < 0.02
    assert text.null_count() == 0
    assert (text.str.len_chars() > 0).all()


def test_intake_meets_doubles_second_reasons_coming_events_and_failing_tests(town: City) -> None:
    events = town.table("events")
    doubled = events.filter(pl.col("event_id").is_duplicated())
    assert len(doubled) > 10
    assert doubled.unique().height == doubled["event_id"].n_unique()
    several = events.unique().group_by("policy_no").agg(pl.col("reason").n_unique())
    assert several.filter(pl.col("reason") > 1).height > 20
    assert events.filter(pl.col("event_on") > TODAY).height > 5
    said = events.join(town.table("policies"), on="policy_no")
    assert said.filter(pl.col("status") == "ENDED").height > 3
    limit = "2025-09-10"
    lapsed = said.filter(pl.col("reason") == "LAPSED_SELF_SOLD")["lapsed_on"]
    assert (lapsed <= limit).sum() > 5 * (lapsed > limit).sum() > 0
    for reason in ("AGENT_REQUEST", "CUSTOMER_REQUEST", "OTHER_CHANNEL"):
        approval = events.filter(pl.col("reason") == reason)["approval_ref"]
        assert 0 < approval.null_count() < 0.4 * len(approval), reason
    assert 3 < events["designated_agent_code"].count() < 0.05 * len(events)
    assert events.filter((pl.col("reason") == "AGENT_TERMINATED") & pl.col("formalities_on").is_null()).height > 3


def test_teams_end_with_and_without_land_and_some_agents_are_away(town: City) -> None:
    teams = town.table("teams")
    ended = teams.filter(pl.col("ended_on").is_not_null())
    assert (ended["ended_on"] < TODAY).all()
    heirs = ended["successor_code"].drop_nulls()
    assert len(heirs) >= 1
    assert not set(heirs) & set(ended["code"])
    landed = {row["team_code"] for row in town.features("territories")[0]}
    assert set(ended["code"]) <= landed
    collection = set(teams.filter(pl.col("force") == "COLLECTION")["code"])
    assert 1 <= len(collection - landed) <= len(collection) // 6
    assert town.table("agents")["leave_from"].count() > 5


@pytest.mark.parametrize(("policies", "orphans"), [(20_000, None), (20_000, 20_000), (60_000, 60_000)])
def test_the_collection_force_has_room_for_the_orphans_but_a_few_teams_are_full(
    sample: Callable[..., City], policies: int, orphans: int | None
) -> None:
    city = sample(policies, orphans=orphans)
    own, summed, load, living = _room(city)
    capacity = np.where(np.isnan(own), summed, own)
    named = city.table("events")["policy_no"].n_unique()
    assert 1.05 * (load.sum() + named) < capacity.sum() < 2.0 * (load.sum() + named)
    full = (living > capacity - load) & (living > 0)
    assert 1 <= full.sum() < 0.25 * len(capacity)


def _room(city: City) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Per collection team that takes part: own figure, sum of its able agents, load, and orphans whose managing branch
    share falls to its territory by area of communities (a rough measure of who lives there)."""
    teams = city.table("teams").filter(
        (pl.col("force") == "COLLECTION") & (pl.col("takes_part") == "true") & pl.col("ended_on").is_null()
    )
    away = (pl.col("leave_from") <= TODAY) & (pl.col("leave_to").is_null() | (pl.col("leave_to") >= TODAY))
    able = city.table("agents").filter(
        pl.col("state").is_in(["01", "02"]) & (pl.col("qualified") == "true") & ~away.fill_null(value=False)
    )
    named = city.table("events")["policy_no"].unique()
    kept = city.table("policies").filter(~pl.col("policy_no").is_in(named.implode()) & (pl.col("status") != "ENDED"))
    load = (
        kept.join(able, left_on="servicer_code", right_on="code")
        .group_by(pl.col("team_code").alias("code"))
        .agg(load=pl.len())
    )
    summed = able.group_by(pl.col("team_code").alias("code")).agg(summed=pl.col("capacity").cast(pl.Int64).sum())
    joined = teams.join(load, on="code", how="left").join(summed, on="code", how="left")
    living = _living(city, named)
    return (
        joined["capacity"].cast(pl.Float64).fill_null(float("nan")).to_numpy(),
        joined["summed"].fill_null(0).to_numpy().astype(float),
        joined["load"].fill_null(0).to_numpy().astype(float),
        np.array([living.get(code, 0.0) for code in joined["code"]]),
    )


def _living(city: City, named: pl.Series) -> dict[str, float]:
    """Orphans in each territory, estimated from the addresses whose community is given."""
    properties, areas = city.features("territories")
    rows, shapes = city.features("communities")
    inside = dict(zip((row["code"] for row in rows), shapely.point_on_surface(shapes), strict=True))
    orphans = city.table("policies").filter(pl.col("policy_no").is_in(named.implode()))
    known = city.table("addresses").filter(pl.col("community_code").is_not_null())
    counted = orphans.join(known, on="policyholder_id")["community_code"].value_counts()
    scale = len(orphans) / max(1, int(counted["count"].sum()))
    living: dict[str, float] = {}
    current = {
        row["team_code"]: area for row, area in zip(properties, areas, strict=True) if row["effective_from"] <= TODAY
    }
    for team, area in current.items():
        shapely.prepare(area)
        living[team] = scale * sum(count for code, count in counted.iter_rows() if shapely.contains(area, inside[code]))
    return living
