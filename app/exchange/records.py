"""CSV bytes → records: where each begins and ends, and which of them cannot be read (RFC 4180, UTF-8).

Polars parses the fields, but it neither says which record is broken nor goes on after it. One pass over the bytes finds the
records first, so that a broken one is set aside with its number and the rest is parsed as whole columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.address.compiled import compiled, entry

BLOCK: Final = 32 * 1024 * 1024
"""Bytes read at a time: a batch of records."""

LONGEST_RECORD: Final = 1024 * 1024
"""A longer record is taken for an opening quote that is never closed."""

WRONG_WIDTH: Final = 1
BAD_QUOTES: Final = 2
BAD_BYTES: Final = 4
CONTROL: Final = 8
NON_ASCII: Final = 16
LINE_BREAK: Final = 32
UNTIDY: Final = 64
BROKEN: Final = WRONG_WIDTH | BAD_QUOTES | BAD_BYTES | CONTROL
"""A record with any of these is not parsed; UNTIDY ones hold quotes, or perhaps blanks around a value."""


@compiled
def _broken_sequence(data: NDArray[np.uint8], at: int, end: int) -> int:
    """Bytes of the UTF-8 sequence that begins at `at`; 0 if it is not one (RFC 3629, table 3-7 of Unicode); −1 if cut off."""
    lead = data[at]
    low, high = 0x80, 0xBF
    if 0xC2 <= lead <= 0xDF:
        length = 2
    elif 0xE0 <= lead <= 0xEF:
        length = 3
        if lead == 0xE0:
            low = 0xA0
        elif lead == 0xED:
            high = 0x9F
    elif 0xF0 <= lead <= 0xF4:
        length = 4
        if lead == 0xF0:
            low = 0x90
        elif lead == 0xF4:
            high = 0x8F
    else:
        return 0
    for step in range(1, length):
        if at + step >= end:
            return -1
        if not low <= data[at + step] <= high:
            return 0
        low, high = 0x80, 0xBF
    return length


@entry
def _scan(
    data: NDArray[np.uint8],
    begin: int,
    final: bool,
    width: int,
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    flags: NDArray[np.uint8],
    bad_at: NDArray[np.int64],
) -> tuple[int, int]:
    """Find the records in `data[begin:]`; the number found and where the first incomplete one begins.

    Ends leave out the line break. A record whose quotes are broken ends with its first line, so that the next line is read
    as a record again: a stray quote costs one line and not the rest of the file.
    """
    size = data.size
    count = 0
    at = begin
    while at < size and count < starts.size:
        start = at
        first_break = -1
        fields = 1
        flag = 0
        bad = -1
        state = 0  # 0 a field begins, 1 in a plain field, 2 in a quoted field, 3 after a quote in a quoted field
        complete = False
        torn = False
        while at < size:
            byte = data[at]
            if state == 2:
                if byte == 34:
                    state = 3
                elif byte == 10:
                    flag |= LINE_BREAK
                    if first_break < 0:
                        first_break = at
                if at - start > LONGEST_RECORD:
                    torn = True
                    break
            elif byte == 10:
                complete = True
                break
            elif byte == 44:
                if at > start and (data[at - 1] == 32 or data[at - 1] == 9 or data[at - 1] == 128):
                    flag |= UNTIDY
                fields += 1
                state = 0
            elif state == 3:
                if byte == 34:
                    state = 2
                elif not (byte == 13 and (at + 1 >= size or data[at + 1] == 10)):
                    torn = True
                    break
            elif byte == 34:
                if state == 0:
                    state = 2
                    flag |= UNTIDY
                else:
                    flag |= BAD_QUOTES
            else:
                if state == 0 and (byte == 32 or byte == 9 or byte == 0xE3 or byte == 0xC2):
                    flag |= UNTIDY
                state = 1
            if byte < 32:
                if byte == 9 or byte == 13:
                    if byte == 9 or at + 1 >= size or data[at + 1] != 10:
                        flag |= LINE_BREAK
                elif byte != 10:
                    flag |= CONTROL
                at += 1
            elif byte < 127:
                at += 1
            elif byte == 127:
                flag |= CONTROL
                at += 1
            else:
                flag |= NON_ASCII
                length = _broken_sequence(data, at, size)
                if length < 0 and not final:
                    at = size
                elif length <= 0:
                    flag |= BAD_BYTES
                    if bad < 0:
                        bad = at
                    at += 1
                else:
                    at += length
        if not complete and not torn:
            if not final:
                return count, start
            torn = state == 2
        end = at
        if torn:
            flag |= BAD_QUOTES
            if first_break >= 0:
                end = first_break
            else:
                while end < size and data[end] != 10:
                    end += 1
                if end == size and not final:
                    return count, start
        if not torn and fields != width:
            flag |= WRONG_WIDTH
        at = end + 1
        if end > start and data[end - 1] == 13:
            end -= 1
        if end > start and (data[end - 1] == 32 or data[end - 1] == 9 or data[end - 1] == 128):
            flag |= UNTIDY
        starts[count] = start
        ends[count] = end
        flags[count] = flag
        bad_at[count] = bad
        count += 1
    return count, min(at, size)


@dataclass(frozen=True)
class Records:
    """Consecutive records of a file: n of them, blank lines included.

    `data`: the bytes; `starts`, `ends`: int64 (n,), into `data`; `flags`: uint8 (n,); `bad_at`: int64 (n,), the first byte that
    is not UTF-8, or −1; `first_row`: number of the first record, the header being 1; `offset`: of `data` in the file.
    """

    data: bytes
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    flags: NDArray[np.uint8]
    bad_at: NDArray[np.int64]
    first_row: int
    offset: int

    def rows(self) -> NDArray[np.int64]:
        """Numbers of the records, int64 (n,)."""
        return np.arange(self.first_row, self.first_row + self.starts.size, dtype=np.int64)

    def kept(self) -> NDArray[np.bool_]:
        """Which records can be parsed: not broken, not blank."""
        kept: NDArray[np.bool_] = ((self.flags & BROKEN) == 0) & (self.ends > self.starts)
        return kept

    def text(self, index: int) -> str:
        """The record as it stands; a byte that is not UTF-8 becomes U+FFFD."""
        return self.data[self.starts[index] : self.ends[index]].decode("utf-8", "replace")

    def parsable(self, kept: NDArray[np.bool_]) -> bytes:
        """The bytes of the kept records alone, each with its line break."""
        if kept.all():
            return self.data[self.starts[0] : self.ends[-1]] if kept.size else b""
        # Runs of neighbouring kept records are copied whole.
        edges = np.flatnonzero(np.diff(np.concatenate(([False], kept, [False])).astype(np.int8)))
        return b"\n".join(
            self.data[self.starts[first] : self.ends[last - 1]]
            for first, last in zip(edges[::2], edges[1::2], strict=True)
        )


def scan(
    data: bytes, *, begin: int, final: bool, width: int, first_row: int, offset: int, most: int | None = None
) -> tuple[Records, int]:
    """The complete records in `data[begin:]`, at `most` so many, and where the next one begins. With `final` all are complete."""
    array = np.frombuffer(data, dtype=np.uint8)
    room = most or data.count(b"\n", begin) + 1
    starts, ends, bad_at = (np.empty(room, dtype=np.int64) for _ in range(3))
    flags = np.empty(room, dtype=np.uint8)
    count, stop = _scan(array, begin, final, width, starts, ends, flags, bad_at)
    found = Records(data, starts[:count], ends[:count], flags[:count], bad_at[:count], first_row, offset)
    return found, stop


def read_blocks(path: Path, seen: Callable[[bytes], object], block: int = BLOCK) -> Iterator[bytes]:
    """The file's bytes, a block at a time; each is shown to `seen` first (a digest)."""
    with path.open("rb") as stream:
        while data := stream.read(block):
            seen(data)
            yield data
