"""Makes a draft of a proposal: the present territories, with the communities that change hands given to their new teams."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection

from app.territories.editing.edit import edit
from app.territories.editing.errors import NothingChanged
from app.territories.editing.schemas import AssignCommunities
from app.territories.plans.draft import make_draft
from app.territories.plans.repository import plan_in_force, read_plan
from app.territories.proposals import repository
from app.territories.proposals.errors import ProposalChangesNothing, ProposalNotDone, ProposalOutdated
from app.territories.proposals.work_out import changes_something


def take_proposal(connection: Connection, row: Mapping[str, Any], *, name: str | None, by: str, today: date) -> int:
    """The draft of a proposal that has been worked out; taken twice, the same draft.

    It starts from the version that the proposal was made from, as it was then. Raises `ProposalNotDone`, `ProposalChangesNothing`,
    `ProposalOutdated`.
    """
    if row["status"] != "DONE":
        raise ProposalNotDone
    taken = repository.lock_taken(connection, row["id"])
    if taken is not None:
        return taken
    made = draft_of(
        connection, row["branch_code"], row["result"], asked_for=row["wish"]["plan_id"], name=name, by=by, today=today
    )
    repository.note_taken(connection, row["id"], made)
    return made


def draft_of(
    connection: Connection,
    branch_code: str,
    result: Mapping[str, Any],
    *,
    asked_for: int | None,
    name: str | None,
    by: str,
    today: date,
) -> int:
    """The draft of a result; `asked_for`: the version that was named, None where the one in force was meant."""
    if not changes_something(result):
        raise ProposalChangesNothing
    base = result["plan_id"]
    if base is not None and read_plan(connection, base)["revision"] != result["plan_version"]:
        raise ProposalOutdated
    if asked_for is None and plan_in_force(connection, branch_code, date.fromisoformat(result["as_of"])) != base:
        raise ProposalOutdated
    made = make_draft(
        connection,
        branch_code,
        name=name or f"建议 {result['as_of']}（种子 {result['seed']}）",
        note=f"{result['solver']}; seed {result['seed']}",
        by=by,
        today=today,
        base_id=base,
        empty=base is None,
        origin="PROPOSED",
    )
    to_team: defaultdict[str | None, list[str]] = defaultdict(list)
    for change in result["changes"]:
        to_team[change["to_team_code"]].append(change["community_code"])
    for team, codes in sorted(to_team.items(), key=lambda item: item[0] or ""):
        verb = AssignCommunities(verb="ASSIGN_COMMUNITIES", community_codes=codes, to_team_code=team)
        try:
            edit(connection, made, verb, version=read_plan(connection, made)["revision"], by=by)
        except NothingChanged:
            continue
    return made
