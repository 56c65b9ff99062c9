"""An inspecting process may die, hang, eat memory or break on a picture: that is its answer, and the next one is read."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator

import msgspec
import psutil
import pytest
import pytest_asyncio

from huiliu.evidence.inspection.model import Expected
from huiliu.evidence.verification import lane as lane_module
from huiliu.evidence.verification.jobs import LENGTH, Answer, Died, Inspect, Inspected, NotInspected
from huiliu.evidence.verification.lane import Lane
from tests.make.fake_bench import PROGRAM, scripted

SECONDS = 20.0


@pytest_asyncio.fixture(loop_scope="session")
async def lane() -> AsyncIterator[Lane]:
    made = Lane(PROGRAM)
    yield made
    await made.close()


def question(data: bytes, *, seconds: float = SECONDS) -> Inspect:
    return Inspect(media_type="image/png", data=data, expected=Expected(), seconds=seconds)


async def read(lane: Lane, data: bytes) -> Inspected:
    answer = await lane.ask(question(data))
    assert isinstance(answer, Inspected)
    return answer


async def test_one_process_answers_one_question_after_another(lane: Lane) -> None:
    assert (await read(lane, scripted(fields={"amount": "1.00"}))).inspection.fields[0].value == "1.00"
    process = lane.pid
    assert (await read(lane, scripted(fields={"amount": "2.00"}))).inspection.fields[0].value == "2.00"
    assert lane.pid == process != 0


@pytest.mark.parametrize(("do", "seconds"), [("die", SECONDS), ("hang", 0.2)])
async def test_a_process_that_dies_or_hangs_is_an_answer_and_the_next_picture_is_read(
    lane: Lane, do: str, seconds: float
) -> None:
    await read(lane, scripted())
    assert isinstance(await lane.ask(question(scripted(do=do), seconds=seconds)), Died)
    assert lane.pid == 0
    assert isinstance(await read(lane, scripted()), Inspected)


async def test_a_hanging_process_is_ended_by_the_kernel_even_when_nobody_waits_for_it() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "huiliu.evidence.verification.lane_process",
            str(theirs.fileno()),
            PROGRAM,
            pass_fds=(theirs.fileno(),),
        )
        frame = msgspec.msgpack.encode(question(scripted(do="hang"), seconds=0.1))
        ours.sendall(LENGTH.pack(len(frame)) + frame)
        async with asyncio.timeout(SECONDS):
            assert await process.wait() == -signal.SIGALRM


@pytest.mark.parametrize(
    ("do", "code", "is_refused"), [("eat", "memory", False), ("break", "ZeroDivisionError", False)]
)
async def test_what_goes_wrong_on_one_picture_is_said_without_a_word_of_it(
    lane: Lane, do: str, code: str, is_refused: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    assert await lane.ask(question(scripted(do=do))) == NotInspected(is_refused=is_refused, code=code)
    process = lane.pid
    await read(lane, scripted())
    assert lane.pid == process
    assert "13812345678" not in capfd.readouterr().err


async def test_a_picture_that_cannot_be_opened_is_refused(lane: Lane) -> None:
    answer = await lane.ask(question(scripted(do="refuse")))
    assert isinstance(answer, NotInspected)
    assert answer.is_refused


async def test_a_process_is_replaced_before_it_can_grow_old() -> None:
    lane = Lane(PROGRAM, questions_max=2)
    try:
        pids: list[int] = []
        for _ in range(3):
            await read(lane, scripted())
            pids.append(lane.pid)
        assert pids[0] == pids[1] != pids[2]
    finally:
        await lane.close()


async def test_a_process_that_has_grown_is_replaced_and_one_of_a_large_worker_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    used = psutil.Process().memory_info().rss
    ballast = bytearray(b"x") * max(0, lane_module.RESIDENT_BYTES_MAX + 64 * 1024 * 1024 - used)
    lane = Lane(PROGRAM)
    try:
        await read(lane, scripted())
        first = lane.pid
        await read(lane, scripted())
        assert lane.pid == first, "the worker's own size is not the lane's"
        del ballast
        monkeypatch.setattr(lane_module, "RESIDENT_BYTES_MAX", 1024)
        await read(lane, scripted())
        assert lane.pid == 0, "the next question starts a fresh one"
        await read(lane, scripted())
    finally:
        await lane.close()


async def test_no_setting_and_so_no_secret_reaches_the_process(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUILIU_DATABASE_URL", "postgresql://secret")
    assert (await read(lane, scripted())).inspection.timings["environment"] == 0


async def test_a_question_that_is_given_up_leaves_no_half_answer_behind(lane: Lane) -> None:
    await read(lane, scripted())
    asking = asyncio.create_task(lane.ask(question(scripted(do="hang"))))
    done, _ = await asyncio.wait({asking}, timeout=0.2)
    assert not done
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert (await read(lane, scripted(fields={"amount": "3.00"}))).inspection.fields[0].value == "3.00"


async def test_what_is_not_a_program_is_an_answer_too() -> None:
    lane = Lane("tests.make.no_such_bench:load")
    answer: Answer = await lane.ask(question(scripted()))
    assert isinstance(answer, Died)


async def test_a_process_killed_from_outside_between_two_questions_is_started_again(lane: Lane) -> None:
    await read(lane, scripted())
    os.kill(lane.pid, signal.SIGKILL)
    answers = [await lane.ask(question(scripted())) for _ in range(2)]
    assert isinstance(answers[-1], Inspected)
