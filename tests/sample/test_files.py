"""The files as such: columns, counts, determinism, arguments."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from app.sample import write
from tests.sample.conftest import City

COLUMNS = {
    "organisations": "code level parent_code name",
    "teams": "code branch_code name force takes_part capacity successor_code founded_on ended_on",
    "agents": "code team_code name is_lead state qualified capacity leave_from leave_to community_codes",
    "policyholders": "id name phone agent_code",
    "addresses": "policyholder_id kind text lon lat crs community_code updated_on",
    "policies": "policy_no policyholder_id branch_code product premium combination_id effective_on term_years status "
    "lapsed_on seller_code servicer_code servicer_since served_by_collection",
    "events": "event_id policy_no reason event_on origin_agent_code formalities_on approval_ref designated_agent_code",
    "gazetteer": "id name kind province city district subdistrict road number address lon lat crs source",
}
MAPS = ("branches", "communities", "territories")


@pytest.mark.parametrize("policies", [10, 50, 200, 20_000])
def test_every_file_of_the_contract_is_written_with_its_columns(sample: Callable[..., City], policies: int) -> None:
    city = sample(policies)
    assert sorted(city.rows) == sorted([*(f"{name}.csv" for name in COLUMNS), *(f"{name}.geojson" for name in MAPS)])
    assert sorted(path.name for path in city.directory.iterdir()) == sorted(city.rows)
    for name, columns in COLUMNS.items():
        assert city.table(name).columns == columns.split()
        assert len(city.table(name)) == city.rows[f"{name}.csv"]
    for name in MAPS:
        assert len(city.features(name)[0]) == city.rows[f"{name}.geojson"]
    assert city.rows["policies.csv"] == policies


def test_files_are_utf8_with_lf_and_empty_fields_for_the_unknown(town: City) -> None:
    for name in COLUMNS:
        content = (town.directory / f"{name}.csv").read_bytes()
        assert b"\r" not in content
        assert b"null" not in content
        assert b"NaN" not in content
        content.decode("utf-8")


@pytest.mark.parametrize("policies", [50, 3_000])
def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_city(tmp_path: Path, policies: int) -> None:
    for place, seed in (("first", 7), ("again", 7), ("other", 8)):
        write(tmp_path / place, policies=policies, seed=seed)
    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name
    differing = [
        p.name for p in (tmp_path / "first").iterdir() if p.read_bytes() != (tmp_path / "other" / p.name).read_bytes()
    ]
    assert set(differing) >= {"communities.geojson", "addresses.csv", "events.csv", "gazetteer.csv"}


@pytest.mark.parametrize(("orphans", "named"), [(None, 500), (0, 0), (1, 1), (1_999, 1_999), (2_000, 2_000)])
def test_exactly_the_wanted_number_of_policies_is_named_in_events(
    sample: Callable[..., City], orphans: int | None, named: int
) -> None:
    assert sample(2_000, orphans=orphans).table("events")["policy_no"].n_unique() == named


@pytest.mark.parametrize(("policies", "orphans"), [(9, None), (0, None), (100, 101), (100, -1)])
def test_impossible_sizes_are_refused_in_both_languages(tmp_path: Path, policies: int, orphans: int | None) -> None:
    with pytest.raises(ValueError, match=r"[一-龥]+.*orphans|[一-龥]+.*policies"):
        write(tmp_path / "none", policies=policies, seed=1, orphans=orphans)
    assert not (tmp_path / "none").exists()


def test_progress_rises_from_none_to_all(tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    write(tmp_path, policies=50, seed=1, progress=lambda subject, share: told.append((subject, share)))
    shares = [share for _, share in told]
    assert shares[0] == 0.0
    assert shares[-1] == 1.0
    assert shares == sorted(shares)
    assert {subject for subject, _ in told} >= {f"{name}.csv" for name in COLUMNS}


@pytest.mark.parametrize("as_of", [date(2024, 2, 29), date(2025, 8, 31), date(2026, 1, 1), date(2026, 12, 31)])
def test_any_day_can_be_the_date(sample: Callable[..., City], as_of: date) -> None:
    city = sample(3_000, as_of=as_of)
    today = as_of.isoformat()
    assert city.table("addresses")["updated_on"].max() < today
    assert city.table("policies")["effective_on"].max() < today
    assert city.table("events")["formalities_on"].drop_nulls().max() <= today
    in_force = [row["effective_from"] for row in city.features("territories")[0] if row["effective_from"] <= today]
    assert len(in_force) > 10
