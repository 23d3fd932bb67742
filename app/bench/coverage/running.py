"""Editing verbs in random sequences over random coverages: what they leave behind is measured after every single one."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from time import process_time
from typing import Any

import numpy as np
from shapely import MultiPolygon

from app.bench.coverage.audit import Audit, audit
from app.bench.coverage.drawing import VERBS, WEIGHTS, Hand, World, world
from geo import coverage
from geo.coverage import Change, CoverageError


def step(world: World, hand: Hand, verb: str, *, timed: bool = False) -> tuple[Change, float]:
    """One verb on the areas in its reach; the world has the outcome. Returns the change and, if asked, the seconds of processor time of the verb
    itself."""
    around, named, act = VERBS[verb](hand)
    spent = 0.0

    def measured(areas: Mapping[str, MultiPolygon]) -> Change:
        nonlocal spent
        since = process_time()
        done = act(areas)
        spent += process_time() - since
        return done

    there = {code: world.areas[code] for code in named if code is not None and code in world.areas}
    change = coverage.perform(world.load, around, there, measured if timed else act)
    for code, area in change.areas.items():
        if area is None:
            del world.areas[code]
        else:
            world.areas[code] = area
    return change, spent


def sequence(seed: int, verbs: int) -> dict[str, Any]:
    """One sequence: how many verbs were done and refused, milliseconds of processor time of one of them (asking for the time takes
    longer than many a verb on a crowded machine), and the worst that was found."""
    rng = np.random.default_rng(seed)
    place = world(rng)
    hand = Hand(rng, place)
    worst, done, refused, times = Audit(), Counter[str](), Counter[str](), []
    for turn in range(verbs):
        verb = str(rng.choice(list(VERBS), p=WEIGHTS / WEIGHTS.sum()))
        before = dict(place.areas)
        try:
            change, seconds = step(place, hand, verb, timed=turn == seed % verbs)
        except CoverageError as error:
            refused[error.code] += 1
            continue
        done[verb] += 1
        if seconds:
            times.append(seconds * 1000)
        found = audit(place, before, change)
        for name in ("overlaps", "gaps", "broken", "invalid", "inexact"):
            setattr(worst, name, getattr(worst, name) + getattr(found, name))
        worst.overlap, worst.gap = max(worst.overlap, found.overlap), max(worst.gap, found.gap)
        if not place.areas:
            break
    return {"seed": seed, "done": done, "refused": refused, "times": times, "worst": worst}


def _sequences(seeds: range, verbs: int, workers: int) -> Iterator[dict[str, Any]]:
    each = partial(sequence, verbs=verbs)
    if workers == 1:
        yield from map(each, seeds)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(each, seeds, chunksize=25)


def run(
    sequences: int = 10_000,
    verbs: int = 8,
    seed: int = 1,
    workers: int = 1,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """`sequences` random sequences of `verbs` verbs each, in `workers` processes; seeds count up from `seed`.

    Returns the number of overlaps, gaps wider than a cell, broken triple points and invalid areas over all audits, the widest overlap and
    gap in cells, verbs done and refused by kind, milliseconds of processor time of a verb, and the seeds of sequences with a finding.
    """
    total, done, refused = Audit(), Counter[str](), Counter[str]()
    times: list[float] = []
    failing: list[int] = []
    for done_so_far, found in enumerate(_sequences(range(seed, seed + sequences), verbs, workers), 1):
        worst: Audit = found["worst"]
        done += found["done"]
        refused += found["refused"]
        times += found["times"]
        for name in ("overlaps", "gaps", "broken", "invalid", "inexact"):
            setattr(total, name, getattr(total, name) + getattr(worst, name))
        total.overlap, total.gap = max(total.overlap, worst.overlap), max(total.gap, worst.gap)
        if not worst.clean:
            failing.append(found["seed"])
        if done_so_far % 1000 == 0:
            say(f"{done_so_far:,} of {sequences:,}, {len(failing)} with a finding")
    p50, p95 = np.percentile(times, [50, 95]) if times else (0.0, 0.0)
    return {
        "sequences": sequences,
        "verbs_done": sum(done.values()),
        "verbs_refused": sum(refused.values()),
        "done": dict(done.most_common()),
        "refused": dict(refused.most_common()),
        "overlaps": total.overlaps,
        "widest_overlap_cells": round(total.overlap, 3),
        "gaps": total.gaps,
        "widest_gap_cells": round(total.gap, 3),
        "triple_points_broken": total.broken,
        "invalid_areas": total.invalid,
        "off_the_grid": total.inexact,
        "ms_p50": round(float(p50), 2),
        "ms_p95": round(float(p95), 2),
        "failing_seeds": failing,
    }
