"""What another version of a policy would have made of past claims: outcomes side by side, money moved, who is affected.

Each claim is judged by both versions as it stood when it was judged: its order's age, its evidence, its money. A claim
that waits for evidence is a state of its own, and nothing is paid for it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from threading import Lock
from typing import TypeAlias, final

import numpy as np
import numpy.typing as npt

from huiliu.policy.backtest.claim import ClaimRow
from huiliu.policy.backtest.columns import ClaimColumns
from huiliu.policy.backtest.file import ClaimsFile
from huiliu.policy.backtest.report import OUTCOMES, STATES, ChangedClaim, Judged, Progress, Report
from huiliu.policy.backtest.rows import columns_of
from huiliu.policy.backtest.side import Judgements, Numbered, Side
from huiliu.policy.backtest.tally import Tally
from huiliu.policy.batch.codes import Truths
from huiliu.policy.batch.judging import CHUNK_ROWS, Batch
from huiliu.policy.model import Outcome, Policy

CHANGES_MAX = 200
ROWS_TOGETHER = 10_000
"""Rows of an iterator that become columns together."""
THREADS = 2

Source: TypeAlias = ClaimsFile | Iterable[ClaimRow]


def backtest(
    old: Policy,
    new: Policy,
    claims: Source,
    *,
    total: int | None = None,
    changes_max: int = CHANGES_MAX,
    threads: int = THREADS,
) -> Iterator[Progress | Report]:
    """Judge past claims by both versions. Yields progress, then the report, once.

    `total` is for progress where an iterator gives the rows. At most `changes_max` changed claims are listed, in the order
    of the claims. Raises ClaimsFileError: a piece of the file, or a row, holds what cannot be.
    """
    total = claims.rows if isinstance(claims, ClaimsFile) else total
    comparison = _Comparison(old, new)
    pieces = _pieces(claims)
    tally = Tally()
    with ThreadPoolExecutor(max(1, threads)) as pool:
        running = deque(pool.submit(comparison.run, piece, changes_max) for piece in islice(pieces, threads + 1))
        while running:
            tally.add(running.popleft().result(), changes_max)
            wanted = changes_max - len(tally.changes)
            running.extend(pool.submit(comparison.run, piece, wanted) for piece in islice(pieces, 1))
            yield Progress(tally.claims, total)
    yield tally.report()


def _pieces(claims: Source) -> Iterator[Callable[[], ClaimColumns]]:
    if isinstance(claims, ClaimsFile):
        for first, count in claims.pieces():
            yield partial(claims.read, first, count)
        return
    rows = iter(claims)
    while piece := list(islice(rows, ROWS_TOGETHER)):
        yield partial(columns_of, piece)


@final
class _Comparison:
    """Both versions, ready for columns of claims. Several threads use it."""

    def __init__(self, old: Policy, new: Policy) -> None:
        self._old = old
        self._new = new
        self._lock = Lock()
        self._batches: dict[tuple[str, ...], tuple[Batch, Batch]] = {}

    def run(self, piece: Callable[[], ClaimColumns], changes_max: int) -> Tally:
        """Read some claims, judge them by both versions, and count; at most `changes_max` changed ones are listed."""
        claims = piece()
        sides = self._sides(claims.evidence_kinds)
        tally = Tally()
        listed: list[int] = []
        pairs: list[tuple[Judged, Judged]] = []
        for first in range(0, claims.count, CHUNK_ROWS):
            part = claims.part(first, CHUNK_ROWS)
            judged = sides[0].judge(part), sides[1].judge(part)
            changed = _count(tally, part, *judged)
            for row in np.flatnonzero(changed)[: changes_max - len(listed)].tolist():
                pairs.append((sides[0].judge_one(part, row, judged[0]), sides[1].judge_one(part, row, judged[1])))
                listed.append(first + row)
        numbers = claims.claim_nos(listed) if listed else []
        tally.changes = [
            ChangedClaim(
                claim_no=number,
                facts=claims.facts_at(self._new, row),
                evidence=tuple(sorted(claims.evidence_at(row))),
                old=old,
                new=new,
            )
            for number, row, (old, new) in zip(numbers, listed, pairs, strict=True)
        ]
        return tally

    def _sides(self, kinds: tuple[str, ...]) -> tuple[Side, Side]:
        with self._lock:
            if kinds not in self._batches:
                self._batches[kinds] = Batch(self._old, evidence=kinds), Batch(self._new, evidence=kinds)
            old, new = self._batches[kinds]
        numbers: Numbered = {}
        return Side(old, numbers), Side(new, numbers)


def _count(tally: Tally, claims: ClaimColumns, old: Judgements, new: Judgements) -> Truths:
    """Count some claims; which of them the versions answer differently."""
    cells = old.states * np.uint8(len(STATES)) + new.states
    tally.claims += claims.count
    tally.cells += np.bincount(cells, minlength=len(tally.cells))
    # Sums of so few amounts are exact in floating point: CHUNK_ROWS times AMOUNT_MINOR_MAX is below 2 to the 53rd.
    tally.old_minor += np.bincount(cells, old.refunds, len(tally.cells)).astype(np.int64)
    tally.new_minor += np.bincount(cells, new.refunds, len(tally.cells)).astype(np.int64)
    tally.old_unmeasured += int(np.count_nonzero(old.unmeasured))
    tally.new_unmeasured += int(np.count_nonzero(new.unmeasured))
    changed = (old.alike != new.alike) | (old.refunds != new.refunds)
    tally.changed += int(np.count_nonzero(changed))
    if claims.decided is not None:
        _compare_decided(tally, claims, cells, old, new)
    return changed


def _compare_decided(
    tally: Tally, claims: ClaimColumns, cells: npt.NDArray[np.uint8], old: Judgements, new: Judgements
) -> None:
    assert claims.decided is not None, "somebody said what was decided"
    places = [len(OUTCOMES) if word is None else OUTCOMES.index(Outcome(word)) for word in claims.decided.words]
    decided = np.array(places, np.uint8).take(claims.decided.codes)
    tally.decided += np.bincount(decided * np.uint16(len(STATES) ** 2) + cells, minlength=len(tally.decided))
    if claims.decided_minor is None:
        return
    minor = claims.decided_minor.values
    is_decided = decided < len(OUTCOMES)
    tally.old_amounts += int(np.count_nonzero(is_decided & (decided == old.states) & (minor == old.refunds)))
    tally.new_amounts += int(np.count_nonzero(is_decided & (decided == new.states) & (minor == new.refunds)))
    tally.decided_minor += int(minor.sum(where=is_decided, dtype=np.int64))
