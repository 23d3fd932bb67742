"""Ask the configured providers, in their order, until an address is settled or nobody is left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Engine, text

from app.locating.providers.ask import Asked, Asker, Source
from app.locating.providers.client import Client
from app.locating.providers.configured import Configured
from app.provider_settings import Online
from geo.address.divisions import Divisions
from geo.providers import SETTLED, Answer, Failure, Question
from geo.providers.agreement import Combined, Local, Opinion, Verdict, combine

AT_ONCE: Final = 4
"""Questions under way at a time in one process; each provider's rate holds for all of them."""

BATCH: Final = 40
"""Questions between two reports and two commits: what a killed run loses are its last few combinations, never an answer."""


@dataclass(slots=True)
class Tally:
    """What the asking came to. `requests`, `from_cache`, `contradicted`, `without`: by provider; `not_asked`: by (provider, why);
    `faults`: by (provider, fault).
    """

    requests: Counter[str] = field(default_factory=Counter)
    from_cache: Counter[str] = field(default_factory=Counter)
    contradicted: Counter[str] = field(default_factory=Counter)
    not_asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, name: str, asked: Asked) -> None:
        """Counts one question put to one provider."""
        self.requests[name] += asked.requests
        if asked.source is Source.CACHE:
            self.from_cache[name] += 1
        if asked.source is Source.NOT_ASKED:
            self.not_asked[name, asked.why] += 1
        if asked.contradicts:
            self.contradicted[name] += 1
        if isinstance(asked.outcome, Failure):
            self.faults[name, asked.outcome.fault.value] += 1

    @property
    def troubles(self) -> Counter[tuple[str, str]]:
        """The faults that say something of the provider and not of the address, by (provider, fault)."""
        return Counter({(name, fault): count for (name, fault), count in self.faults.items() if fault not in SETTLED})

    @property
    def complete(self) -> bool:
        """Every provider answered whenever its turn came. Questions under way at once may all meet a refusal before the first of
        them stops the asking, so neither the faults nor what was not asked tells it alone."""
        return not self.not_asked and not self.troubles


@contextmanager
def askers(
    engine: Engine,
    chosen: Sequence[Configured],
    online: Online,
    divisions: Divisions,
    *,
    batch: bool = False,
    **clocks: Any,
) -> Iterator[list[Asker]]:
    """One asker for each provider, over one client. `batch` as `Asker` takes it; `clocks`: `now` and `sleep` of `Asker`, for tests."""
    client = Client(timeout_s=online.timeout_s, proxy=online.proxy)
    made = [
        Asker(
            engine,
            one,
            client,
            divisions,
            attempts=online.attempts,
            cache_days=online.cache_days,
            batch=batch,
            **clocks,
        )
        for one in chosen
    ]
    try:
        yield made
    finally:
        for asker in made:
            asker.close()
        client.close()


def opinions_of(
    asking: Sequence[Asker], question: Question, settled: Callable[[Sequence[Opinion]], bool]
) -> tuple[list[Opinion], list[tuple[str, Asked]]]:
    """The opinions of the providers on one question, and what each call came to. Asks no further once `settled`: the next
    provider's quota is for another address.
    """
    opinions: list[Opinion] = []
    calls: list[tuple[str, Asked]] = []
    for asker in asking:
        asked = asker.ask(question)
        one = asker.configured
        calls.append((one.name, asked))
        if isinstance(asked.outcome, Answer):
            opinions.append(Opinion(one.name, one.provider.data, asked.outcome, one.prior, asked.contradicts))
            if settled(opinions):
                break
    return opinions, calls


def ask_all(
    asking: Sequence[Asker],
    wanted: Sequence[tuple[Question, Sequence[Local]]],
    accept_confidence: float,
    tally: Tally,
) -> Iterator[list[list[Combined]]]:
    """For each question the combined answer of each local one, in batches of `BATCH`, in order; several questions are under way at once."""

    def one(item: tuple[Question, Sequence[Local]]) -> tuple[list[Combined], list[tuple[str, Asked]]]:
        question, locals_ = item

        def settled(opinions: Sequence[Opinion]) -> bool:
            return all(is_settled(combine(local, opinions), accept_confidence) for local in locals_)

        opinions, calls = opinions_of(asking, question, settled)
        return [combine(local, opinions) for local in locals_], calls

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="consult") as pool:
        try:
            for start in range(0, len(wanted), BATCH):
                results = []
                for combined, calls in pool.map(one, wanted[start : start + BATCH]):
                    results.append(combined)
                    for name, asked in calls:
                        tally.add(name, asked)
                yield results
        finally:
            pool.shutdown(cancel_futures=True)


def ask_each(asker: Asker, wanted: Sequence[Question]) -> list[Asked]:
    """One provider about many questions, several under way at once, in order."""
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="measure") as pool:
        return list(pool.map(asker.ask, wanted))


def is_settled(combined: Combined, accept_confidence: float) -> bool:
    """Independent sources agree, and surely enough to go through."""
    return combined.verdict is Verdict.AGREED and combined.confidence >= accept_confidence


def maps_of_gazetteer(connection: Connection) -> frozenset[str]:
    """The maps that the gazetteer's places were taken from, by the names of `Provider.data`: agreement with one of them is no
    second opinion. Read from the places' `source`."""
    sources = connection.execute(text("SELECT DISTINCT lower(source) FROM gazetteer_place WHERE source IS NOT NULL"))
    named = {
        "amap": ("amap", "autonavi", "gaode", "高德"),
        "baidu": ("baidu", "百度"),
        "tencent": ("tencent", "qqmap", "腾讯"),
        "tianditu": ("tianditu", "天地图"),
        "osm": ("osm", "openstreetmap", "nominatim"),
    }
    known = list(sources.scalars())
    return frozenset(data for data, words in named.items() if any(word in source for word in words for source in known))
