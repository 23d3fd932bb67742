"""Words looked up at a place in a text: a trie over character codes, kept in three flat arrays.

The arrays are an open-addressing hash table (node, character) → node, and a value per node. Building is linear
in the characters; a step is one or two probes, so that a look-up at every position of a text costs little more
than reading it. A reversed lexicon answers "which word ends here".
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from geo.address.characters import Codes, Offsets, code_units
from geo.address.compiled import compiled, entry

NOTHING = -1


class Lexicon(NamedTuple):
    """Trie in flat arrays. `keys[slot]` = node << 16 | character (-1 = free), `targets[slot]` = next node;
    `values[node]` = the word's value or -1."""

    keys: npt.NDArray[np.int64]
    targets: npt.NDArray[np.int32]
    values: npt.NDArray[np.int32]


def build_lexicon(words: pl.Series, values: npt.NDArray[np.int32] | None = None, reverse: bool = False) -> Lexicon:
    """A lexicon of folded words (distinct, not empty); the value of a word defaults to its position."""
    if values is None:
        values = np.arange(len(words), dtype=np.int32)
    codes, offsets = code_units(words.str.reverse() if reverse else words)
    size = 16
    while size < 2 * (len(codes) + 1):
        size *= 2
    keys, targets = np.full(size, -1, np.int64), np.full(size, -1, np.int32)
    node_values = np.full(len(codes) + 1, NOTHING, np.int32)
    nodes = insert(keys, targets, node_values, codes, offsets, values)
    # Common beginnings share nodes: shrink to what is used.
    smaller = 16
    while smaller < 2 * nodes:
        smaller *= 2
    if smaller < size:
        keys, targets = rehash(keys, targets, smaller)
    return Lexicon(keys, targets, node_values[:nodes].copy())


@compiled
def slot_of(keys: npt.NDArray[np.int64], key: np.int64) -> np.int64:
    """The slot that holds the key, or the free slot where it belongs."""
    mask = len(keys) - 1
    slot = ((key * 0x9E3779B97F4A7C1) >> 20) & mask
    while keys[slot] != -1 and keys[slot] != key:
        slot = (slot + 1) & mask
    return slot


@entry
def insert(
    keys: npt.NDArray[np.int64],
    targets: npt.NDArray[np.int32],
    node_values: npt.NDArray[np.int32],
    codes: Codes,
    offsets: Offsets,
    values: npt.NDArray[np.int32],
) -> int:
    """Insert all words; returns the number of nodes. Of equal words the first keeps its value."""
    nodes = 1
    for word in range(len(offsets) - 1):
        node = 0
        for i in range(offsets[word], offsets[word + 1]):
            key = (np.int64(node) << 16) | np.int64(codes[i])
            slot = slot_of(keys, key)
            if keys[slot] == -1:
                keys[slot] = key
                targets[slot] = nodes
                nodes += 1
            node = targets[slot]
        if node > 0 and node_values[node] == NOTHING:
            node_values[node] = values[word]
    return nodes


@entry
def rehash(
    keys: npt.NDArray[np.int64], targets: npt.NDArray[np.int32], size: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """The same table with another power of two of slots."""
    new_keys, new_targets = np.full(size, -1, np.int64), np.full(size, -1, np.int32)
    for i in range(len(keys)):
        if keys[i] != -1:
            slot = slot_of(new_keys, keys[i])
            new_keys[slot] = keys[i]
            new_targets[slot] = targets[i]
    return new_keys, new_targets


@compiled
def step(lexicon: Lexicon, node: int, code: int) -> int:
    """The node after one more character, or -1."""
    slot = slot_of(lexicon.keys, (np.int64(node) << 16) | np.int64(code))
    return int(lexicon.targets[slot])  # free slots hold -1


@compiled
def longest_at(lexicon: Lexicon, codes: Codes, at: int, end: int) -> tuple[int, int]:
    """(value, length) of the longest word that begins at `at` and ends by `end`; (-1, 0) if there is none."""
    node, value, length = 0, NOTHING, 0
    for i in range(at, end):
        node = step(lexicon, node, codes[i])
        if node < 0:
            break
        if lexicon.values[node] != NOTHING:
            value, length = lexicon.values[node], i + 1 - at
    return value, length


@compiled
def longest_before(lexicon: Lexicon, codes: Codes, begin: int, at: int) -> tuple[int, int]:
    """(value, length) of the longest word of a reversed lexicon that ends just before `at` and begins at or
    after `begin`; (-1, 0) if there is none."""
    node, value, length = 0, NOTHING, 0
    for i in range(at - 1, begin - 1, -1):
        node = step(lexicon, node, codes[i])
        if node < 0:
            break
        if lexicon.values[node] != NOTHING:
            value, length = lexicon.values[node], at - i
    return value, length
