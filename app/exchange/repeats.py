"""The same key twice in one file: sent twice, or a contradiction."""

from __future__ import annotations

from typing import Final

import polars as pl

LATER: Final = pl.Schema({"row": pl.Int64, "first_row": pl.Int64, "content": pl.UInt64, "same": pl.Boolean})
"""A record whose key an earlier one has: that one's number, a digest of this one's content, and whether the two agree."""


class Repeats:
    """Finds repeated keys across the batches of a file, by digests: 128 bits of the key, 64 of the content."""

    def __init__(self, key: tuple[str, ...]) -> None:
        self._key = list(key)
        self._firsts: pl.DataFrame | None = None

    def later(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Those of `rows` (`row`, then the columns of the table) whose key was there before, as `LATER`."""
        keys = rows.select(self._key)
        digests = pl.DataFrame(
            {
                "row": rows.get_column("row"),
                "key_a": keys.hash_rows(seed=1),
                "key_b": keys.hash_rows(seed=2),
                "content": rows.drop("row").hash_rows(seed=3),
            }
        )
        on = ["key_a", "key_b"]
        before = digests.clear() if self._firsts is None else self._firsts.join(digests, on=on, how="semi")
        group = pl.concat([before, digests])
        repeated = (
            group.filter(pl.struct(on).is_duplicated())
            if group.get_column("key_a").is_duplicated().any()
            else group.clear()
        )
        firsts = repeated.sort("row").unique(on, keep="first", maintain_order=True)
        later = (
            repeated.join(firsts.select("row"), on="row", how="anti")
            .join(firsts.select(*on, first_row="row", first_content="content"), on=on)
            .select("row", "first_row", "content", same=pl.col("content") == pl.col("first_content"))
            .cast(LATER)
        )
        new = digests.join(later, on="row", how="anti") if later.height else digests
        self._firsts = new if self._firsts is None else self._firsts.vstack(new)
        return later


def settle(later: pl.DataFrame, refused: set[int]) -> tuple[pl.DataFrame, list[int]]:
    """What becomes of repeated records once the store has refused some records of the file.

    Returns the later records that are left (`LATER`, with their first record as it now is), and the numbers of those that take
    the place of a refused first one.
    """
    left: list[tuple[int, int, int, bool]] = []
    promoted: list[int] = []
    stand_in: dict[int, tuple[int, int]] = {}
    for row, first, content, same in later.sort("row").iter_rows():
        if row in refused:
            continue
        if first not in refused:
            left.append((row, first, content, same))
        elif first not in stand_in:
            stand_in[first] = (row, content)
            promoted.append(row)
        else:
            new_first, new_content = stand_in[first]
            left.append((row, new_first, content, content == new_content))
    return pl.DataFrame(left, schema=LATER, orient="row"), promoted
