"""What goes wrong with an inspection costs time, or is said and left to a person; it is never lost and never done twice."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID

import pytest

from huiliu.evidence.actions import remove_file
from huiliu.evidence.inspection.model import Inspection, Verdict
from huiliu.evidence.verification import actions, store
from huiliu.evidence.verification.jobs import Answer, Inspect, Inspected, Question
from huiliu.evidence.verification.judging import RailSaid
from huiliu.evidence.verification.lane import Lane
from huiliu.evidence.verification.model import ATTEMPTS_MAX, Problem, Step
from huiliu.evidence.verification.records import load_records
from huiliu.kit.db import Tx, across_platforms, transaction
from huiliu.worker.inspections import run, run_once
from tests.make.fake_bench import PROGRAM, Script, inspection, scripted
from tests.worker.bills import bill, own_trade
from tests.worker.conftest import House


async def test_a_picture_that_kills_its_process_is_tried_again_and_then_left_to_a_person(house: House) -> None:
    claim_id = await house.claim()
    file_id = await house.hand_in(claim_id, scripted("70", do="die"))
    for attempt in range(1, ATTEMPTS_MAX + 1):
        found = await house.inspect(file_id)
        assert found.attempts == attempt
        house.clock.advance(minutes=1)
    assert (found.state, found.problem) == (Step.FAILED, Problem.TOO_HEAVY)
    assert await run_once(house.room) == 0
    assert await house.journal(claim_id) == ["evidence.added", "evidence.not_inspected"]


async def test_a_process_that_was_killed_once_costs_the_picture_nothing_but_time(house: House, tmp_path: Path) -> None:
    made, trade_no = await own_trade(house, 71)
    script = {"do": "die", "once": str(tmp_path / "died"), "fields": bill(made, trade_no=trade_no)}
    file_id = await house.hand_in(await house.claim(made), scripted("71", **script))
    assert (await house.inspect(file_id)).is_under_way
    house.clock.advance(minutes=1)
    found = await house.inspect(file_id)
    assert (found.state, found.attempts, found.verdict) == (Step.DONE, 2, Verdict.CONSISTENT)


@pytest.mark.parametrize(
    ("do", "problem", "rounds"),
    [("break", Problem.BROKEN, ATTEMPTS_MAX), ("eat", Problem.BROKEN, ATTEMPTS_MAX), ("refuse", Problem.UNREADABLE, 1)],
)
async def test_what_cannot_be_inspected_is_a_person_s_and_says_why(
    house: House, do: str, problem: Problem, rounds: int
) -> None:
    file_id = await house.hand_in(await house.claim(), scripted(f"72 {do}", do=do))
    for _ in range(rounds):
        found = await house.inspect(file_id)
        house.clock.advance(minutes=1)
    assert (found.state, found.problem) == (Step.FAILED, problem)


async def test_a_lost_original_is_said_and_not_tried_again(house: House) -> None:
    file_id = await house.hand_in(await house.claim(), scripted("73"))
    original = await house.value("SELECT original_sha256 FROM evidence_files WHERE id = %(id)s", id=file_id)
    assert isinstance(original, bytes)
    await house.files.destroy_original(house.platform_id, original)
    found = await house.inspect(file_id)
    assert (found.state, found.problem) == (Step.FAILED, Problem.UNREADABLE)


async def test_what_was_taken_back_is_not_read(house: House) -> None:
    claim_id = await house.claim()
    file_id = await house.hand_in(claim_id, scripted("74"))
    async with transaction(house.pool, house.buyer(), clock=house.clock) as tx:
        await remove_file(tx, claim_id, file_id=file_id)
    found = await house.inspect(file_id)
    assert (found.state, found.problem) == (Step.FAILED, Problem.TAKEN_BACK)


async def test_several_workers_share_the_queue_and_each_file_is_read_once(house: House, lane: Lane) -> None:
    second = Lane(PROGRAM)
    try:
        claim_id = await house.claim()
        slots = ("paid_shot", "not_arrived_shot", "time_gap", "other")
        files = [await house.hand_in(claim_id, scripted(f"75 {slot}"), slot=slot) for slot in slots]
        rooms = [house.room, house.with_lanes([second]).room]
        taken = [n for _ in range(2) for n in await asyncio.gather(*(run_once(room) for room in rooms))]
        assert sum(taken) == len(files)
        assert [(await house.found(file_id)).attempts for file_id in files] == [1] * len(files)
    finally:
        await second.close()


async def test_a_worker_that_was_thought_dead_changes_nothing(house: House) -> None:
    """Its lease ran out while it was reading, and somebody else has the file by now."""
    claim_id = await house.claim()
    file_id = await house.hand_in(claim_id, scripted("76"))
    late = await _taken(house, file_id)
    house.clock.now += actions.LEASE
    now = await _taken(house, file_id)
    assert (late.attempt, now.attempt) == (1, 2)
    async with transaction(house.pool, house.system(), clock=house.clock) as tx:
        done = await _finished(house, tx, late, Script())
        assert done is None
        assert not await actions.go_on(tx, late)
        assert not await actions.refuse(tx, late)
        assert not await actions.try_again(tx, late, problem=Problem.BROKEN)
        assert not await actions.give_up(tx, late, problem=Problem.BROKEN)
        assert not await actions.give_back(tx, late)
        assert not await actions.destroyed(tx, late)
        assert await actions.go_on(tx, now)
    assert await house.journal(claim_id) == ["evidence.added"]
    assert (await house.found(file_id)).state is Step.CHECKING


async def test_other_platforms_inspections_are_nobody_s_business(house: House, platforms: dict[str, int]) -> None:
    file_id = await house.hand_in(await house.claim(), scripted("77"))
    await house.inspect(file_id)
    stranger = house.system()
    async with transaction(house.pool, type(stranger)(stranger.kind, platforms["xingka"], "s", "系统")) as tx:
        assert await tx.value("SELECT count(*) FROM evidence_inspections") == 0
        assert await tx.value("SELECT count(*) FROM evidence_keys") == 0


async def _finished(house: House, tx: Tx, leased: store.Leased, script: Script) -> Inspection | None:
    known = await load_records(tx, leased.file_id)
    assert known is not None
    return await actions.finish(
        tx,
        leased,
        known,
        inspected=Inspected(inspection=inspection(script)),
        said=RailSaid(),
        near={},
        keyring=house.keyring,
        open_account=lambda sealed: house.keyring.open(sealed, context="orders.account_sealed"),
    )


async def test_of_two_files_that_are_finished_in_the_same_instant_the_later_one_sees_the_other(house: House) -> None:
    script = Script(fields={"trade_no": "2026112322001478787878787878"})
    leased: list[store.Leased] = []
    for contact in ("13700000005", "13700000006"):
        claim_id = await house.claim(await house.bought(contact=contact, rail_trade_no=""))
        leased.append(await _taken(house, await house.hand_in(claim_id, scripted(contact))))

    async def second() -> Inspection | None:
        async with transaction(house.pool, house.system(), clock=house.clock) as tx:
            return await _finished(house, tx, leased[1], script)

    async with transaction(house.pool, house.system(), clock=house.clock) as tx:
        first = await _finished(house, tx, leased[0], script)
        waiting = asyncio.create_task(second())
        await asyncio.wait({waiting}, timeout=0.5)  # it waits for the first one's commit
    later = await waiting
    assert first is not None
    assert later is not None
    assert first.verdict is not Verdict.CONTRADICTED
    assert [check.name for check in later.checks if check.source == "claims"] == ["trade_no_reused"]


async def _taken(house: House, file_id: UUID) -> store.Leased:
    async with across_platforms(house.pool) as connection:
        leased = await actions.lease_due(connection, now=house.clock(), limit=100)
    return next(each for each in leased if each.file_id == file_id)


class Watched:
    """A lane that says when it was asked about one certain picture."""

    def __init__(self, data: bytes) -> None:
        self.lane = Lane(PROGRAM)
        self.was_asked = asyncio.Event()
        self._data = data

    async def ask(self, question: Question) -> Answer:
        """As the real one."""
        if isinstance(question, Inspect) and question.data == self._data:
            self.was_asked.set()
        return await self.lane.ask(question)

    async def close(self) -> None:
        """End it."""
        await self.lane.close()


async def test_a_worker_that_is_told_to_stop_finishes_what_is_under_way(house: House) -> None:
    lane = Watched(scripted("stop 0"))
    files = [await house.hand_in(await house.claim(), scripted(f"stop {n}")) for n in range(3)]
    stop = asyncio.Event()
    working = asyncio.create_task(run(house.with_lanes([lane]).room, stop))
    async with asyncio.timeout(30):
        await lane.was_asked.wait()
    stop.set()
    async with asyncio.timeout(30):
        await working
    assert lane.lane.pid == 0
    states = [(await house.found(file_id)).state for file_id in files]
    assert set(states) <= {Step.DONE, Step.RECEIVED}
    assert states[0] is Step.DONE


async def test_a_file_that_takes_too_long_when_the_worker_stops_is_given_back_uncounted(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huiliu.worker.inspections.STOP_SECONDS", 0.1)
    slow = scripted("slow", do="hang")
    file_id = await house.hand_in(await house.claim(), slow)
    stop, lane = asyncio.Event(), Watched(slow)
    working = asyncio.create_task(run(house.with_lanes([lane]).room, stop))
    async with asyncio.timeout(30):
        await lane.was_asked.wait()
    stop.set()
    async with asyncio.timeout(30):
        await working
    found = await house.found(file_id)
    assert (found.is_under_way, found.attempts) == (True, 0)
