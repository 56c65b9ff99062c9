"""Work in several processes, answers in order. An item that kills its process is named, and all others get done."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Generic, TypeVar

import msgspec

Item = TypeVar("Item")
Answer = TypeVar("Answer")
Setup = TypeVar("Setup")

AHEAD = 2
"""Items a process has waiting, so that none stands idle."""


class Died(msgspec.Struct, Generic[Item], frozen=True):
    """The process ended while it worked on this item."""

    item: Item


def in_processes(
    items: Sequence[Item],
    work: Callable[[Item], Answer],
    *,
    start: Callable[[Setup], None],
    setup: Setup,
    workers: int,
) -> Iterator[Answer | Died[Item]]:
    """`work` on every item in spawned processes, each of which ran `start(setup)` first. Both are module-level."""

    def pool(width: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(width, mp_context=get_context("spawn"), initializer=start, initargs=(setup,))

    waiting = deque(items)
    while waiting:
        under_way: deque[tuple[Item, Future[Answer]]] = deque()
        with pool(min(workers, len(waiting))) as wide:
            try:
                while waiting or under_way:
                    while waiting and len(under_way) < AHEAD * workers:
                        future = wide.submit(work, waiting[0])
                        under_way.append((waiting.popleft(), future))
                    answer = under_way[0][1].result()
                    under_way.popleft()
                    yield answer
            except BrokenProcessPool:
                pass
        # One of these killed its process: each goes alone, so that only that one is blamed.
        for item, _ in under_way:
            with pool(1) as narrow:
                try:
                    alone = narrow.submit(work, item).result()
                except BrokenProcessPool:
                    yield Died(item)
                else:
                    yield alone
