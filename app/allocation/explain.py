"""Why a case is where it is, in words and as data."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping

from app.allocation import sentences, trail
from app.allocation.domain import Asked
from app.allocation.repository import reading

Names = Mapping[str, str]
"""Team code → name."""


def call(team_code: str, names: Names) -> str:
    """A team's name with its code."""
    name = names.get(team_code)
    return f"{name}（{team_code}）" if name and name != team_code else team_code


def sentence(row: RowMapping, names: Names) -> sentences.Sentence:
    """The whole decision on a case, as `reading` gives it, in one sentence."""
    return sentences.summary(
        state=row["state"],
        rung=row["rung"],
        team=call(row["team_code"], names) if row["team_code"] else None,
        agent_code=row["agent_code"],
        flags=row["flags"] or (),
        review_code=row["review_code"],
        trail=trail.load(row["trail"]) if row["trail"] else (),
    )


def ladder(asked: Sequence[Asked], names: Names) -> list[dict[str, Any]]:
    """Every rung that was asked, with every candidate, in words."""
    rungs = []
    for one in asked:
        spoken = sentences.asked(one, lambda code: call(code, names))
        candidates = []
        for each in one.candidates:
            words = sentences.candidate(each, lambda code: call(code, names))
            candidates.append(
                {
                    "team_code": each.team_code,
                    "team_name": names.get(each.team_code),
                    "agent_code": each.agent_code,
                    "outcome": each.check,
                    "load": each.load,
                    "capacity": each.capacity,
                    "zh": words.zh,
                    "en": words.en,
                }
            )
        rungs.append(
            {"rung": one.rung, "outcome": one.outcome, "zh": spoken.zh, "en": spoken.en, "candidates": candidates}
        )
    return rungs


def explain_policy(connection: Connection, policy_no: str) -> dict[str, Any] | None:
    """The open (else newest) case of a policy: its facts, the sentence, and every rung that was asked. None without a case."""
    row = reading.read_case(connection, policy_no)
    if row is None:
        return None
    names = reading.team_names(connection)
    said = sentence(row, names)
    asked = trail.load(row["trail"]) if row["trail"] else ()
    facts = {key: value for key, value in row.items() if key not in ("trail", "decision_id", "open")}
    return {**facts, "explanation": {"zh": said.zh, "en": said.en, "ladder": ladder(asked, names)}}
