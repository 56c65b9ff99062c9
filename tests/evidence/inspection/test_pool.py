"""Several processes: in order, everything once, and only the deadly item is blamed."""

from __future__ import annotations

import os
import signal

import pytest

from huiliu.evidence.inspection.pool import Died, in_processes

DEADLY = "deadly"
started: list[str] = []


def start(setup: str) -> None:
    """What each process runs first."""
    if setup == DEADLY:
        os.kill(os.getpid(), signal.SIGKILL)
    started.append(setup)


def work(item: str) -> str:
    """An answer that shows the setup."""
    if item == DEADLY:
        os.kill(os.getpid(), signal.SIGKILL)
    return f"{started[0]} {item}"


@pytest.mark.parametrize("deadly", [(), (3,), (0, 9)])
def test_an_item_that_kills_its_process_is_blamed_alone(deadly: tuple[int, ...]) -> None:
    items = [DEADLY if number in deadly else f"item {number}" for number in range(10)]
    answers = list(in_processes(items, work, start=start, setup="ready", workers=2))
    assert answers == [Died(DEADLY) if item == DEADLY else f"ready {item}" for item in items]


def test_processes_that_cannot_start_blame_every_item_and_end() -> None:
    assert list(in_processes(["a", "b"], work, start=start, setup=DEADLY, workers=2)) == [Died("a"), Died("b")]


def test_no_item_starts_no_process() -> None:
    assert list(in_processes([], work, start=start, setup=DEADLY, workers=2)) == []
