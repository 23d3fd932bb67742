"""Every code in a file exists where it should, and the business facts agree with each other."""

from collections.abc import Callable
from datetime import date

import polars as pl
import pytest

from tests.sample.conftest import AS_OF, City

TODAY = AS_OF.isoformat()
SIZES = pytest.mark.parametrize(("policies", "orphans"), [(10, None), (50, None), (200, 200), (20_000, None)])

REFERENCES = [
    ("organisations", "parent_code", "organisations", "code"),
    ("teams", "branch_code", "organisations", "code"),
    ("teams", "successor_code", "teams", "code"),
    ("agents", "team_code", "teams", "code"),
    ("policyholders", "agent_code", "agents", "code"),
    ("addresses", "policyholder_id", "policyholders", "id"),
    ("policies", "policyholder_id", "policyholders", "id"),
    ("policies", "branch_code", "organisations", "code"),
    ("policies", "seller_code", "agents", "code"),
    ("policies", "servicer_code", "agents", "code"),
    ("events", "policy_no", "policies", "policy_no"),
    ("events", "origin_agent_code", "agents", "code"),
    ("events", "designated_agent_code", "agents", "code"),
]
KEYS = [
    ("organisations", "code"),
    ("teams", "code"),
    ("agents", "code"),
    ("policyholders", "id"),
    ("policies", "policy_no"),
    ("gazetteer", "id"),
]


@SIZES
def test_codes_exist_and_keys_are_unique(sample: Callable[..., City], policies: int, orphans: int | None) -> None:
    city = sample(policies, orphans=orphans)
    for table, column, other, key in REFERENCES:
        used = set(city.table(table)[column].drop_nulls())
        assert used <= set(city.table(other)[key]), (table, column)
    for table, key in KEYS:
        assert city.table(table)[key].is_duplicated().sum() == 0, table
        assert city.table(table)[key].null_count() == 0, table
    communities = {row["code"] for row in city.features("communities")[0]}
    duties = city.table("agents")["community_codes"].drop_nulls().str.split(";").explode()
    assert set(duties) <= communities
    assert set(city.table("addresses")["community_code"].drop_nulls()) <= communities
    assert {row["branch_code"] for row in city.features("branches")[0]} == set(_branches(city))
    assert {row["team_code"] for row in city.features("territories")[0]} <= set(_collection_teams(city))


@SIZES
def test_everybody_has_an_address_and_a_policy(sample: Callable[..., City], policies: int, orphans: int | None) -> None:
    city = sample(policies, orphans=orphans)
    holders = set(city.table("policyholders")["id"])
    assert set(city.table("addresses")["policyholder_id"]) == holders
    assert set(city.table("policies")["policyholder_id"]) == holders


@SIZES
def test_who_services_agrees_with_the_force_and_with_the_reason(
    sample: Callable[..., City], policies: int, orphans: int | None
) -> None:
    city = sample(policies, orphans=orphans)
    agents = city.table("agents").join(city.table("teams"), left_on="team_code", right_on="code", suffix="_team")
    held = city.table("policies").join(agents, left_on="servicer_code", right_on="code", how="left", suffix="_agent")
    serviced = held.filter(pl.col("servicer_code").is_not_null())
    assert (serviced["served_by_collection"] == (serviced["force"] == "COLLECTION").cast(pl.String)).all()
    assert (serviced["branch_code"] == serviced["branch_code_agent"]).all()

    said = city.table("events").join(held, on="policy_no")
    with_origin = said.filter(pl.col("origin_agent_code").is_not_null())
    assert (with_origin["origin_agent_code"] == with_origin["servicer_code"]).all()
    without = said.filter(pl.col("origin_agent_code").is_null())
    assert set(without["reason"]) <= {"TRANSFER_IN_DOMESTIC", "TRANSFER_IN_EXTERNAL", "OTHER_CHANNEL"}
    assert without["servicer_code"].null_count() == len(without)

    gone = said.filter(pl.col("reason") == "AGENT_TERMINATED")
    due = pl.col("event_on") <= TODAY
    assert set(gone.filter(due)["state"]) <= {"04"}
    assert set(gone.filter(~due)["state"]) <= {"03"}
    short = said.filter(pl.col("reason") == "NO_QUALIFIED_SERVICER")
    on_leave = (pl.col("leave_from") <= TODAY) & (pl.col("leave_to").is_null() | (pl.col("leave_to") >= TODAY))
    assert short.filter((pl.col("qualified") == "true") & ~on_leave.fill_null(value=False)).is_empty()
    lapsed = said.filter(pl.col("reason") == "LAPSED_SELF_SOLD")
    assert (lapsed["seller_code"] == lapsed["servicer_code"]).all()
    assert set(lapsed["state"]) <= {"01", "02"}
    assert set(lapsed["status"]) <= {"LAPSED"}
    designated = city.table("events").filter(pl.col("designated_agent_code").is_not_null())
    assert designated.filter(pl.col("designated_agent_code") == pl.col("origin_agent_code")).is_empty()


def test_a_leaver_services_only_policies_that_an_event_names_or_that_were_sold_with_one(town: City) -> None:
    left = town.table("agents").filter(pl.col("state") == "04")["code"]
    named = town.table("events")["policy_no"].unique()
    held = town.table("policies").filter(pl.col("servicer_code").is_in(left.implode()))
    alone = held.filter(~pl.col("policy_no").is_in(named.implode()))
    with_named = held.filter(pl.col("policy_no").is_in(named.implode()))["combination_id"].drop_nulls()
    assert set(alone["combination_id"]) <= set(with_named)


def test_a_combined_policy_has_one_holder_branch_servicer_and_status(town: City) -> None:
    combined = town.table("policies").filter(pl.col("combination_id").is_not_null())
    for column in ("policyholder_id", "branch_code", "servicer_code", "seller_code", "effective_on", "status"):
        assert combined.group_by("combination_id").agg(pl.col(column).n_unique())[column].max() == 1, column
    assert combined.group_by("combination_id").len()["len"].min() >= 2


def test_policies_have_sound_dates(town: City) -> None:
    policies = town.table("policies")
    assert policies.filter((pl.col("status") == "LAPSED") != pl.col("lapsed_on").is_not_null()).is_empty()
    assert policies.filter(pl.col("lapsed_on") <= pl.col("effective_on")).is_empty()
    assert policies.filter(pl.col("servicer_since") < pl.col("effective_on")).is_empty()
    assert policies.filter(pl.col("servicer_since") >= TODAY).is_empty()
    said = town.table("events").join(policies, on="policy_no")
    assert said.filter(pl.col("event_on") <= pl.col("effective_on")).is_empty()
    assert said.filter(pl.col("formalities_on") < pl.col("event_on")).is_empty()
    date.fromisoformat(str(policies["effective_on"].min()))


def test_leads_are_active_and_one_a_team(town: City) -> None:
    leads = town.table("agents").filter(pl.col("is_lead") == "true")
    assert set(leads["state"]) <= {"01", "02"}
    assert leads["team_code"].is_duplicated().sum() == 0
    going = town.table("teams").filter(pl.col("ended_on").is_null())
    assert set(leads["team_code"]) >= set(going["code"])


def test_phones_cannot_be_taken_for_real_ones(town: City) -> None:
    phones = town.table("policyholders")["phone"]
    assert phones.str.contains(r"^19900\d{6}$").all()
    assert phones.is_duplicated().sum() == 0


def test_a_holder_who_is_an_agent_bears_the_agents_name(town: City) -> None:
    both = town.table("policyholders").join(
        town.table("agents"), left_on="agent_code", right_on="code", suffix="_agent"
    )
    assert len(both) > 5
    assert (both["name"] == both["name_agent"]).all()


def _branches(city: City) -> list[str]:
    return city.table("organisations").filter(pl.col("level") == "branch")["code"].to_list()


def _collection_teams(city: City) -> list[str]:
    return city.table("teams").filter(pl.col("force") == "COLLECTION")["code"].to_list()
