"""Which column of a file is what, and whose territory a record is. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

KNOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "team_code": (
        *("teamcode", "team", "teamid", "teamno", "territorycode"),
        *("团队编码", "团队代码", "团队编号", "团队号", "团队编", "团队代", "区域编码"),
    ),
    "team_name": ("teamname", "name", "团队名称", "团队名", "团队", "名称", "title"),
    "community_code": (
        *("communitycode", "community", "communityid", "communit"),
        *("社区编码", "社区代码", "社区编号", "社区编", "社区代", "社区"),
    ),
    "share": ("share", "占比", "份额"),
}
"""What is looked for → how it may be called, plainly written; the first that a file has counts. A shapefile cuts names to ten bytes."""


def plainly(name: str) -> str:
    """A column's name without case, width, blanks, hyphens and underscores."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(letter for letter in folded if letter.isalnum())


def choose(columns: Sequence[str], said: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """What is looked for → the column of the file that is it; and what was said of columns that are not there.

    `said`: what is looked for → the column that a person says it is. It counts before the known names.
    """
    vain = [f"{wanted}={column}" for wanted, column in said.items() if wanted not in KNOWN or column not in columns]
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(plainly(column), column)
    chosen: dict[str, str] = {}
    for wanted, names in KNOWN.items():
        if wanted in said and said[wanted] in columns:
            chosen[wanted] = said[wanted]
            continue
        found = next((by_name[name] for name in (plainly(wanted), *names) if name in by_name), None)
        if found is not None and found not in said.values():
            chosen[wanted] = found
    return chosen, vain


class Teams:
    """The teams that a record may mean."""

    def __init__(self, teams: Iterable[tuple[str, str]], others: Iterable[str]) -> None:
        """`teams`: code and name of the branch's; `others`: codes of the other branches'."""
        self.names = dict(teams)
        self._others = frozenset(others)
        self._by_name: dict[str, list[str]] = {}
        for code, name in self.names.items():
            self._by_name.setdefault(" ".join(name.split()), []).append(code)

    def recognise(self, code: str | None, name: str | None) -> tuple[str | None, str | None]:
        """The team that is meant, or the code of why none is. A name counts where there is no code, or where it stands in its place."""
        written = next((text.strip() for text in (code, name) if text is not None and text.strip()), None)
        if written is None:
            return None, "MISSING_TEAM"
        if written in self.names:
            return written, None
        if written in self._others:
            return None, "TEAM_OF_OTHER_BRANCH"
        found = self._by_name.get(" ".join(written.split()), [])
        if len(found) == 1:
            return found[0], None
        if found:
            return None, "AMBIGUOUS_TEAM"
        if any(ord(letter) < 32 or 0xD800 <= ord(letter) < 0xE000 for letter in written):
            return None, "BAD_CHARACTER"
        return None, "UNKNOWN_TEAM"


def shown(*texts: str | None) -> str | None:
    """The first text that says something, as it can be shown: on one line, and not longer than a code may be."""
    written = next((text for text in texts if text is not None and text.strip()), None)
    if written is None:
        return None
    return "".join(letter if letter.isprintable() else " " for letter in written[:64]).strip() or None
