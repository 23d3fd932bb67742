"""Ask online providers about stored addresses whose location is unsure, and put their answers together with the gazetteer's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import polars as pl
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from app.errors import ConsultationRuns
from app.geometry import point_hex
from app.locating.columns import WITHIN
from app.locating.geocoder import current_geocoder
from app.locating.locate import locate_addresses
from app.locating.prior import city_named
from app.locating.providers import cache, quota
from app.locating.providers.configured import Configured, configured
from app.locating.providers.opinions import Tally, ask_all, askers, maps_of_gazetteer
from app.provider_settings import Online
from geo.address.divisions import Divisions
from geo.geocoding import Geocoder
from geo.providers import Question
from geo.providers.agreement import LOCAL, Combined, Local, Verdict, chances_of, radius_half
from geo.providers.levels import PRECISE
from geo.providers.sending import questions

# Those whose policies are orphans come first. A location that a person decided is left alone: only the gazetteer's own and
# those put together here are taken.
_UNSURE = text(
    """
    SELECT a.id, a.text, l.provider, l.level, l.confidence, l.radius_m, l.district, l.matched, l.reasons, l.radius50_m,
        l.within_50_m, l.within_100_m, l.within_200_m, l.within_500_m, l.within_1000_m, l.within_2500_m, ST_X(l.point) AS lon, ST_Y(l.point) AS lat, h.name, h.phone, p.numbers, p.city
    FROM location l
    JOIN address a ON a.id = l.address_id
    JOIN policyholder h ON h.id = a.policyholder_id
    CROSS JOIN LATERAL (
        SELECT array_agg(p.policy_no) AS numbers,
            (array_agg(coalesce(city.name, branch.name) ORDER BY p.effective_on DESC NULLS LAST, p.policy_no))[1] AS city,
            bool_or(EXISTS (SELECT FROM orphan_event e WHERE e.policy_no = p.policy_no)) AS orphan
        FROM policy p
        JOIN organisation branch ON branch.code = p.branch_code
        LEFT JOIN organisation city ON city.code = branch.parent_code
        WHERE p.policyholder_id = a.policyholder_id
    ) p
    WHERE l.gazetteer_version = :version AND a.point IS NULL AND a.text <> ''
      AND (l.confidence < :accept OR l.level <> ALL(:precise))
      AND string_to_array(l.provider, '+') <@ CAST(:ours AS text[])
    ORDER BY p.orphan DESC NULLS LAST, a.id
    LIMIT :limit
    """
)
_PUT = text(
    """
    UPDATE location SET point = CAST(:point AS geometry), level = :level, confidence = :confidence, radius_m = :radius_m,
        radius50_m = :radius50_m, within_50_m = :within_50_m, within_100_m = :within_100_m, within_200_m = :within_200_m,
        within_500_m = :within_500_m, within_1000_m = :within_1000_m, within_2500_m = :within_2500_m, district = :district, matched = :matched, provider = :provider, reasons = :reasons
    WHERE address_id = :address_id AND gazetteer_version = :version AND provider = :was
    RETURNING address_id
    """
)
_DROP_CANDIDATES = text("DELETE FROM location_candidate WHERE address_id = ANY(:ids)")
_ADD_CANDIDATE = text(
    """
    INSERT INTO location_candidate (address_id, rank, point, level, confidence, radius_m, sources, gazetteer_version)
    VALUES (:address_id, :rank, ST_SetSRID(ST_MakePoint(:lon, :lat), 4490), :level, :confidence, :radius_m, :sources, :version)
    """
)

CONSULTING_LOCK: Final = 0x6764_0010
"""Advisory lock of those who consult: one at a time, so that none asks what another is asking already."""

NO_LIMIT: Final = 2**31 - 1


@dataclass(slots=True)
class Summary:
    """What a consultation came to. `addresses`: unsure ones looked at; `unsendable`: nothing of the text could be sent;
    `questions`: distinct ones; `verdicts`: addresses by `Verdict`; `accepted`: addresses now sure and precise; `overtaken`: changed
    by somebody else meanwhile, and left as they are. `planned`: most requests per provider (a dry run fills it, and nothing else).
    """

    addresses: int = 0
    unsendable: int = 0
    questions: int = 0
    accepted: int = 0
    overtaken: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    tally: Tally = field(default_factory=Tally)
    planned: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Unsure:
    row: Any
    local: Local
    district: str | None
    matched: str | None


def consult(
    engine: Engine,
    online: Online,
    *,
    accept_confidence: float,
    limit: int | None = None,
    dry_run: bool = False,
    progress: Callable[[str, float], None] | None = None,
    now: datetime | None = None,
    **clocks: Any,
) -> Summary:
    """Asks about up to `limit` unsure addresses (confidence below `accept_confidence`, or too coarse for a territory).

    Every attempt is stored; a location is updated only if nobody else changed it meanwhile. No transaction is open while the
    network is waited for. With `dry_run` nothing is asked, stored or updated. `now` fixes the time of a dry run and of forgetting.
    Raises `NoProvider` and `UnknownProvider`, and `ConsultationRuns` while another process consults.
    """
    with _alone(engine) if not dry_run else nullcontext():
        return _consult(engine, online, accept_confidence, limit, dry_run, progress, now or datetime.now(UTC), clocks)


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    """Holds the lock of consultations, of the session and outside of any transaction. Raises `ConsultationRuns`."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as holding:
        if not holding.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": CONSULTING_LOCK}).scalar_one():
            raise ConsultationRuns
        try:
            yield
        finally:
            # Where the connection was lost meanwhile, so was the lock.
            with suppress(DBAPIError):
                holding.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": CONSULTING_LOCK})


def _consult(
    engine: Engine,
    online: Online,
    accept_confidence: float,
    limit: int | None,
    dry_run: bool,
    progress: Callable[[str, float], None] | None,
    moment: datetime,
    clocks: dict[str, Any],
) -> Summary:
    chosen = configured(online)
    tell = progress or (lambda stage, share: None)
    tell("geocode", 0.0)
    with engine.connect() as connection:
        geocoder, version = current_geocoder(connection)
        locate_addresses(connection, geocoder=geocoder, version=version, progress=lambda share: tell("geocode", share))
        unsure = _read(connection, geocoder, version, accept_confidence, limit, chosen)
        if dry_run:
            connection.rollback()
        else:
            connection.commit()
    if not dry_run:
        cache.forget(engine, moment, online.cache_days)
    summary = Summary(addresses=len(unsure))
    wanted, members = _questions(geocoder, unsure, summary)
    if dry_run:
        with engine.connect() as connection:
            summary.planned = _planned(connection, chosen, [question for question, _ in wanted], online, moment)
        return summary
    tell("consult", 0.0)
    done = 0
    with askers(engine, chosen, online, geocoder.divisions, batch=True, **clocks) as asking:
        for batch in ask_all(asking, wanted, accept_confidence, summary.tally):
            pairs = [
                (one, combined)
                for group, results in zip(members[done : done + len(batch)], batch, strict=True)
                for one, combined in zip(group, results, strict=True)
            ]
            _put(engine, pairs, version, accept_confidence, summary)
            done += len(batch)
            tell("consult", done / len(wanted))
    return summary


def _read(
    connection: Connection,
    geocoder: Geocoder,
    version: str,
    accept: float,
    limit: int | None,
    chosen: Sequence[Configured],
) -> list[_Unsure]:
    """Unsure addresses with the gazetteer's own answer: of a location put together earlier it is worked out anew, so that asking
    twice does not count an agreement twice."""
    rows = connection.execute(
        _UNSURE,
        {
            "version": version,
            "accept": accept,
            "precise": sorted(PRECISE),
            "ours": _names(connection, chosen),
            "limit": NO_LIMIT if limit is None else limit,
        },
    ).all()
    maps = maps_of_gazetteer(connection)
    again = [row.text for row in rows if row.provider != LOCAL]
    anew = iter(geocoder.geocode(pl.Series(again, dtype=pl.String)).to_dicts() if again else ())
    unsure = []
    for row in rows:
        if row.provider == LOCAL:
            local = Local(row.lon, row.lat, row.level, row.confidence, row.radius_m, tuple(row.reasons), maps)
            unsure.append(_Unsure(row, local, row.district, row.matched))
        else:
            found = next(anew)
            unsure.append(_Unsure(row, local_of(found, maps), found["district"] or None, found["matched"] or None))
    return unsure


def _names(connection: Connection, chosen: Sequence[Configured]) -> list[str]:
    """Sources that locations put together here may name, also those configured once and no longer."""
    asked = connection.execute(text("SELECT provider FROM provider_quota GROUP BY provider")).scalars()
    return sorted({LOCAL, *asked, *(one.name for one in chosen)})


def local_of(found: dict[str, Any], maps: frozenset[str]) -> Local:
    """A row of `Geocoder.geocode` as an opinion."""
    return Local(
        found["lon"],
        found["lat"],
        found["level"],
        found["confidence"] or 0.0,
        found["radius_m"],
        tuple(filter(None, (found["reasons"] or "").split(";"))),
        maps,
    )


def _questions(
    geocoder: Geocoder, unsure: Sequence[_Unsure], summary: Summary
) -> tuple[list[tuple[Question, list[Local]]], list[list[_Unsure]]]:
    """Distinct questions with the local answers of all who ask them: a house is asked for once, however many live there."""
    asked = questions(
        [one.row.text for one in unsure],
        geocoder.divisions,
        cities=[city_of(one.row.city or "", geocoder) for one in unsure],
        known=[{*filter(None, (one.row.name, one.row.phone)), *(one.row.numbers or ())} for one in unsure],
    )
    groups: dict[str, tuple[Question, list[_Unsure]]] = {}
    for question, one in zip(asked, unsure, strict=True):
        if question is None:
            summary.unsendable += 1
            continue
        groups.setdefault(cache.digest_of(question), (question, []))[1].append(one)
    summary.questions = len(groups)
    members = [group for _, group in groups.values()]
    wanted = [(question, [one.local for one in group]) for question, group in groups.values()]
    return wanted, members


def city_of(organisation: str, geocoder: Geocoder) -> str:
    """The official name of the city that an organisation's name begins with (南京市分公司, 南京分公司), else the gazetteer's only city."""
    divisions: Divisions = geocoder.divisions
    best = city_named(organisation, divisions)
    if not best and geocoder.only_city >= 0:
        best = divisions.names[geocoder.only_city]
    return best


def _planned(
    connection: Connection, chosen: Sequence[Configured], asked: Sequence[Question], online: Online, now: datetime
) -> dict[str, int]:
    """The most requests that each provider would get: what is not in the cache, as far as quota and state allow."""
    planned = {}
    digests = [cache.digest_of(question) for question in asked]
    for one in chosen:
        state = quota.read_state(connection, one.name, one.fingerprint, now)
        known = cache.look_up(connection, one.name, digests, now - timedelta(days=online.cache_days))
        barred = state.stopped or not one.has_key or one.public_nominatim
        left = 0 if barred else max(0, one.quota - state.spent)
        planned[one.name] = min(left, len(digests) - len(known))
    return planned


def _put(
    engine: Engine, pairs: Sequence[tuple[_Unsure, Combined]], version: str, accept: float, summary: Summary
) -> None:
    """Writes one batch in one short transaction."""
    nan = float("nan")
    points = point_hex(
        np.array([nan if c.lon is None else c.lon for _, c in pairs], dtype=np.float64),
        np.array([nan if c.lat is None else c.lat for _, c in pairs], dtype=np.float64),
    ).to_list()
    with engine.begin() as connection:
        # In the order of their keys, as everyone who locks several locations does.
        for (one, combined), point in sorted(zip(pairs, points, strict=True), key=lambda item: item[0][0].row.id):
            kept = LOCAL in combined.provider.split("+")
            put = connection.execute(
                _PUT,
                {
                    "address_id": one.row.id,
                    "version": version,
                    "was": one.row.provider,
                    "point": point,
                    "level": combined.level,
                    "confidence": combined.confidence,
                    "radius_m": combined.radius_m,
                    **_error(one.row, combined),
                    "district": one.district,
                    "matched": one.matched if kept else None,
                    "provider": combined.provider,
                    "reasons": list(combined.reasons),
                },
            ).scalar_one_or_none()
            if put is None:
                summary.overtaken += 1
                continue
            summary.verdicts[combined.verdict.value] += 1
            if combined.level in PRECISE and combined.confidence >= accept:
                summary.accepted += 1
            connection.execute(_DROP_CANDIDATES, {"ids": [one.row.id]})
            for rank, candidate in enumerate(combined.candidates, start=1):
                connection.execute(
                    _ADD_CANDIDATE,
                    {
                        "address_id": one.row.id,
                        "rank": rank,
                        "lon": candidate.lon,
                        "lat": candidate.lat,
                        "level": candidate.level,
                        "confidence": candidate.confidence,
                        "radius_m": candidate.radius_m,
                        "sources": list(candidate.sources),
                        "version": version,
                    },
                )


def _error(row: Any, combined: Combined) -> dict[str, float | None]:
    """How far off the combined answer may be; an answer that is still the gazetteer's own keeps what was measured for it."""
    names = ("radius50_m", *WITHIN)
    if combined.verdict is Verdict.NOTHING and row.provider == LOCAL:
        return {name: getattr(row, name) for name in names}
    if combined.lon is None or combined.radius_m is None:
        return dict.fromkeys(names)
    within = chances_of(combined.confidence, combined.radius_m)
    return dict(zip(names, (radius_half(combined.radius_m), *within), strict=True))


def consult_texts(
    engine: Engine,
    online: Online,
    geocoder: Geocoder,
    texts: pl.Series,
    found: pl.DataFrame,
    *,
    accept_confidence: float,
    **clocks: Any,
) -> tuple[pl.DataFrame, Summary]:
    """The same for texts that are not stored: `found` as `Geocoder.geocode` gave it, with the unsure rows asked about and put
    together. Answers are cached and counted as any other. Raises `NoProvider` and `UnknownProvider`."""
    chosen = configured(online)
    with engine.connect() as connection:
        maps = maps_of_gazetteer(connection)
    rows = found.to_dicts()
    unsure = [
        i for i, row in enumerate(rows) if row["level"] not in PRECISE or (row["confidence"] or 0.0) < accept_confidence
    ]
    summary = Summary(addresses=len(unsure))
    city = city_of("", geocoder)
    asked = questions([texts[i] or "" for i in unsure], geocoder.divisions, cities=[city] * len(unsure))
    groups: dict[str, tuple[Question, list[int]]] = {}
    for question, i in zip(asked, unsure, strict=True):
        if question is None:
            summary.unsendable += 1
        else:
            groups.setdefault(cache.digest_of(question), (question, []))[1].append(i)
    summary.questions = len(groups)
    members = [group for _, group in groups.values()]
    wanted = [(question, [local_of(rows[i], maps) for i in group]) for question, group in groups.values()]
    done = 0
    with askers(engine, chosen, online, geocoder.divisions, **clocks) as asking:
        for batch in ask_all(asking, wanted, accept_confidence, summary.tally):
            for group, results in zip(members[done : done + len(batch)], batch, strict=True):
                for i, combined in zip(group, results, strict=True):
                    summary.verdicts[combined.verdict.value] += 1
                    summary.accepted += combined.level in PRECISE and combined.confidence >= accept_confidence
                    _overlay(rows[i], combined)
            done += len(batch)
    return pl.DataFrame(rows, schema=found.schema), summary


def _overlay(row: dict[str, Any], combined: Combined) -> None:
    row |= {
        "lon": combined.lon,
        "lat": combined.lat,
        "level": combined.level,
        "confidence": combined.confidence,
        "radius_m": combined.radius_m,
        "provider": combined.provider,
        "reasons": ";".join(combined.reasons),
    }
    if combined.verdict is not Verdict.NOTHING and combined.radius_m is not None:
        row["within"] = chances_of(combined.confidence, combined.radius_m)
        row["radius50_m"] = radius_half(combined.radius_m)
    if combined.verdict is not Verdict.NOTHING and LOCAL not in combined.provider.split("+"):
        row["matched"] = ""
