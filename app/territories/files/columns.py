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
            self._by_name.setdefault(name.strip(), []).append(code)

    def recognise(self, code: str | None, name: str | None) -> tuple[str | None, str | None]:
        """The team that a code, or else a name, means; or the code of why none is meant."""
        written = [text.strip() for text in (code, name) if text is not None and text.strip()]
        if not written:
            return None, "MISSING_TEAM"
        if any(ord(letter) < 32 or 0xD800 <= ord(letter) < 0xE000 for letter in written[0]):
            return None, "BAD_CHARACTER"
        if written[0] in self.names:
            return written[0], None
        if code is not None and code.strip() in self._others:
            return None, "TEAM_OF_OTHER_BRANCH"
        for text in written:
            found = self._by_name.get(text, [])
            if len(found) == 1:
                return found[0], None
            if found:
                return None, "AMBIGUOUS_TEAM"
        return None, "UNKNOWN_TEAM"
