"""What the database refuses by itself, and what two at once cannot do."""

import threading

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from app.allocation.single import allocate_policy
from app.errors import AppError, NothingToAllocate

from .conftest import AS_OF, allocate

pytestmark = pytest.mark.db

MARKETING = "SELECT code FROM team WHERE force = 'MARKETING' LIMIT 1"
SERVICED = "SELECT id FROM allocation WHERE live AND collection_serviced LIMIT 1"


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE allocation SET team_code = ({MARKETING}) WHERE id = ({SERVICED})",
        f"UPDATE allocation SET team_code = ({MARKETING}), team_force = 'MARKETING' WHERE id = ({SERVICED})",
        f"""UPDATE allocation SET (agent_code, agent_force) = (SELECT code, force FROM agent WHERE force = 'MARKETING' LIMIT 1)
            WHERE id = ({SERVICED})""",
        f"UPDATE team SET force = 'MARKETING' WHERE code = (SELECT team_code FROM allocation WHERE id = ({SERVICED}))",
        f"""INSERT INTO allocation (case_id, collection_serviced, run_id, team_code, team_force, live)
            SELECT case_id, false, run_id, ({MARKETING}), 'MARKETING', true FROM allocation WHERE id = ({SERVICED})""",
    ],
    ids=["team only", "team and force", "agent", "the team changes force", "a false history"],
)
def test_h1_survives_direct_sql(store: Engine, statement: str) -> None:
    allocate(store)
    with store.connect() as connection:
        assert connection.execute(text(SERVICED)).scalar_one_or_none() is not None
        with pytest.raises(IntegrityError):
            connection.execute(text(statement))


def test_h8_one_live_allocation_per_case(store: Engine) -> None:
    allocate(store)
    again = """INSERT INTO allocation (case_id, collection_serviced, run_id, team_code, team_force, live)
               SELECT case_id, collection_serviced, run_id, team_code, team_force, true FROM allocation WHERE live LIMIT 1"""
    with store.connect() as connection, pytest.raises(IntegrityError, match="uq_allocation_case_id_live"):
        connection.execute(text(again))


def test_h8_one_open_case_per_policy(store: Engine) -> None:
    allocate(store)
    again = """INSERT INTO orphan_case (policy_no, policyholder_id, branch_code, state, open, reasons, event_ids,
                   first_event_on, collection_serviced)
               SELECT policy_no, policyholder_id, branch_code, 'REPORTED', true, reasons, event_ids, first_event_on,
                   collection_serviced FROM orphan_case WHERE open LIMIT 1"""
    with store.connect() as connection, pytest.raises(IntegrityError, match="uq_orphan_case_policy_no_open"):
        connection.execute(text(again))


OVERFULL = """
    SELECT count(*) FROM team t JOIN team_load l ON l.team_code = t.code
    WHERE t.capacity IS NOT NULL AND l.allocated > t.capacity
"""


def test_two_runs_at_once_never_give_a_case_twice(store: Engine) -> None:
    barrier = threading.Barrier(2)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            barrier.wait()
            allocate(store)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not failures
    with store.connect() as connection:
        twice = (
            "SELECT count(*) FROM (SELECT case_id FROM allocation WHERE live GROUP BY case_id HAVING count(*) > 1) x"
        )
        assert connection.execute(text(twice)).scalar_one() == 0
        cases = "SELECT count(*) - count(DISTINCT policy_no) FROM orphan_case"
        assert connection.execute(text(cases)).scalar_one() == 0
        assert connection.execute(text(OVERFULL)).scalar_one() == 0


def test_requests_at_once_never_overfill_a_team(store: Engine) -> None:
    """All teams are cut to a few places; sixteen threads ask for everybody at the same time."""
    with store.begin() as connection:
        connection.execute(text("UPDATE team SET capacity = 12 WHERE force = 'COLLECTION'"))
        connection.execute(text("UPDATE policy SET servicer_code = NULL"))
        connection.execute(text("UPDATE agent_load SET serviced = 0"))
        numbers = connection.execute(text("SELECT DISTINCT policy_no FROM orphan_event ORDER BY 1")).scalars().all()
    errors: list[BaseException] = []
    position = iter(numbers)
    taking = threading.Lock()

    def work() -> None:
        while True:
            with taking:
                policy_no = next(position, None)
            if policy_no is None:
                return
            try:
                with store.begin() as connection:
                    allocate_policy(connection, policy_no, as_of=AS_OF, confirm=True)
            except NothingToAllocate:
                continue
            except AppError as error:
                errors.append(error)
            except BaseException as error:
                errors.append(error)
                return

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not errors
    with store.connect() as connection:
        full = "SELECT count(*) FROM team_load l JOIN team t ON t.code = l.team_code WHERE l.allocated > 12 AND t.force = 'COLLECTION'"
        assert connection.execute(text(full)).scalar_one() == 0
        assert connection.execute(text("SELECT max(allocated) FROM team_load")).scalar_one() == 12
        facts = "SELECT count(*) FROM team_load l WHERE allocated <> (SELECT count(*) FROM allocation a WHERE a.team_code = l.team_code AND a.live)"
        assert connection.execute(text(facts)).scalar_one() == 0
