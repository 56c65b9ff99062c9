"""The races: everything that two people, two machines or two copies of one request can do at the same moment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from huiliu.bench.race_arena import CONFLICT, SEE_OTHER, Arena, Tally
from huiliu.bench.race_rails import bounce_out_of_order, success_in_copies
from huiliu.bench.wire import Answer
from huiliu.claims.actions import start_draft
from huiliu.claims.allowed import Do
from huiliu.claims.model import Reason
from huiliu.kit.db import transaction
from huiliu.people.actor import actor_of

CREATED = 201
OK = 200
FORBIDDEN = 403
TOO_LATE = frozenset({CONFLICT, 422})
"""Refused at the order's wall, or told before it that only 40.00 are left."""


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of race."""

    name: str
    run: Callable[[Arena, Tally, range], Awaitable[None]]


async def two_refunds(arena: Arena, tally: Tally, numbers: range) -> None:
    """60 of 100 twice, with different keys: the line has one claim under way."""
    for number in numbers:
        requests = [arena.refund(number, key=f"a{number}-{copy}") for copy in range(2)]
        _created(tally, number, await arena.race(number, requests))


async def two_lines(arena: Arena, tally: Tally, numbers: range) -> None:
    """60 on each of two lines of an order that paid 100 in all: only the order's own row stands between."""
    arena.alter(
        numbers,
        """WITH l AS (INSERT INTO order_lines (platform_id, order_id, line_no, title, kind, paid_minor)
               SELECT platform_id, id, 2, '英雄点券 1000 直充', 'topup', %(paid)s FROM orders WHERE order_no = ANY (%(orders)s)
               RETURNING platform_id, order_id)
           INSERT INTO usage_facts
               (platform_id, id, order_id, line_no, state, source, record_ref, observed_at, recorded_at)
           SELECT platform_id, gen_random_uuid(), order_id, 2, 'unused', '平台发货系统', 'LOG', now(), now() FROM l""",
    )
    for number in numbers:
        requests = [arena.refund(number, line=line, key=f"b{number}-{line}") for line in (1, 2)]
        _created(tally, number, await arena.race(number, requests), refusals=TOO_LATE)


async def same_request(arena: Arena, tally: Tally, numbers: range) -> None:
    """A shop's server sends one request two or three times: one effect, and the same answer for each."""
    for number in numbers:
        copies = 2 + number % 2
        answers = await arena.race(number, [arena.refund(number, key=f"c{number}")] * copies)
        first = [answer for answer in answers if "idempotent-replayed" not in answer.headers]
        tally.winners += len(first)
        tally.refused += len(answers) - len(first)
        if {answer.status for answer in answers} != {CREATED}:
            tally.wrong(f"B{number}: {sorted(answer.status for answer in answers)}")
        elif len({answer.body for answer in answers}) != 1 or len(first) != 1:
            tally.wrong(f"B{number}: {len(first)} first answers, {len({a.body for a in answers})} different")
        else:
            tally.acknowledge(answers[0])


async def same_form(arena: Arena, tally: Tally, numbers: range) -> None:
    """The buyer taps 提交 twice: both see the claim handed in, and it is handed in once."""
    for number in numbers:
        async with transaction(arena.pool, actor_of(arena.buyer)) as tx:
            claim_no = await start_draft(tx, arena.buyer, order_no=f"B{number}", line_no=1, reason=Reason.CHANGED_MIND)
        tally.acknowledged.append(claim_no)
        press = arena.form("buyer", f"/claims/{claim_no}/submission", version="1", incomplete="1")
        answers = await arena.race(number, [press, press])
        _pressed(tally, number, answers, [_goes_to(answer, "filed=1") for answer in answers])


async def approve_or_withdraw(arena: Arena, tally: Tally, numbers: range) -> None:
    """The platform approves while the buyer takes the claim back: either, never both."""
    claims = await arena.filed(tally, numbers)
    for number, claim_no in claims.items():
        requests = [
            arena.api(f"/claims/{claim_no}/approval", {"version": 1}),
            arena.api(f"/claims/{claim_no}/withdrawal", {"version": 1}, machine=1),
        ]
        answers = await arena.race(number, requests)
        tally.one_wins(number, answers, won=[answer.status == OK for answer in answers])


async def two_machines(arena: Arena, tally: Tally, numbers: range) -> None:
    """Two of the platform's machines approve at once."""
    claims = await arena.filed(tally, numbers)
    for number, claim_no in claims.items():
        requests = [arena.api(f"/claims/{claim_no}/approval", {"version": 1}, machine=machine) for machine in (0, 1)]
        answers = await arena.race(number, requests)
        tally.one_wins(number, answers, won=[answer.status == OK for answer in answers])


async def two_reviewers(arena: Arena, tally: Tally, numbers: range) -> None:
    """何审 and 沈复 approve at the desk at once; every third round 何审 presses twice as well."""
    claims = await arena.filed(tally, numbers)
    for number, claim_no in claims.items():
        presses = [_approval(arena, "heshen", claim_no), _approval(arena, "shenfu", claim_no)]
        again = [presses[0]] if number % 3 == 0 else []
        answers = await arena.race(number, presses + again)
        won = [_goes_to(answer, "done=approve") for answer in answers]
        if again:  # a second press of one's own button shows what the first did
            alike = answers[0].status == answers[2].status
            if not alike:
                tally.wrong(
                    f"B{number}: one person's two presses were answered {answers[0].status}, {answers[2].status}"
                )
            answers, won = answers[:2], won[:2]
        tally.one_wins(number, answers, won=won)


async def two_confirmations(arena: Arena, tally: Tally, numbers: range) -> None:
    """600.00 of 1,500.00 yuan, proposed by 何审: 沈复 and 裁衡 confirm at once; every third round 何审, who may not, presses too."""
    arena.alter(numbers, "UPDATE orders SET paid_minor = 150000 WHERE order_no = ANY (%(orders)s)")
    arena.alter(
        numbers,
        """UPDATE order_lines l SET paid_minor = 150000 FROM orders o
            WHERE o.platform_id = l.platform_id AND o.id = l.order_id AND o.order_no = ANY (%(orders)s)""",
    )
    claims = await arena.filed(tally, numbers, amount=600_00)
    proposed = await arena.board.each([_approval(arena, "heshen", claim_no) for claim_no in claims.values()])
    if not all(_goes_to(answer, "done=approve") for answer in proposed):
        raise RuntimeError(f"proposing was refused: {[a.status for a in proposed if a.status != SEE_OTHER]}")
    for number, claim_no in claims.items():
        path = f"/desk/claims/{claim_no}/{Do.CONFIRM.value}"
        fields = {"panel": "confirm", "step": "commit", "version": "2", "seen": "2"}
        proposer = ["heshen"] if number % 3 == 0 else []
        presses = [arena.form(who, path, **fields) for who in ("shenfu", "caiheng", *proposer)]
        answers = await arena.race(number, presses)
        if proposer and answers[2].status not in (FORBIDDEN, CONFLICT):
            tally.wrong(f"B{number}: who proposed was answered {answers[2].status} when confirming")
        tally.refused += len(proposer)
        tally.one_wins(number, answers[:2], won=[_goes_to(answer, "done=confirm") for answer in answers[:2]])


async def two_claims(arena: Arena, tally: Tally, numbers: range) -> None:
    """Two different applications for one line at once: one is taken, the other is told of it."""
    for number in numbers:
        bodies = [{"order_no": f"B{number}", "reason": reason} for reason in ("not_as_described", "below_standard")]
        requests = [
            arena.api("/refunds", body, machine=machine, key=f"i{number}-{machine}")
            for machine, body in enumerate(bodies)
        ]
        _created(tally, number, await arena.race(number, requests), pays=False)


def _approval(arena: Arena, who: str, claim_no: str) -> bytes:
    fields = {"panel": "approve", "step": "commit", "version": "1", "seen": "1"}
    return arena.form(who, f"/desk/claims/{claim_no}/{Do.APPROVE.value}", **fields)


def _created(
    tally: Tally,
    number: int,
    answers: Sequence[Answer],
    *,
    refusals: frozenset[int] = frozenset({CONFLICT}),
    pays: bool = True,
) -> None:
    won = [answer.status == CREATED for answer in answers]
    tally.one_wins(number, answers, won=won, refusals=refusals)
    for answer, has_won in zip(answers, won, strict=True):
        if has_won:
            tally.acknowledge(answer)
        if has_won and pays and b'"sub_state":"paying"' not in answer.body:
            tally.wrong(f"B{number}: the winner is not paid, so there is no race for money: {answer.body[:200]!r}")


def _pressed(tally: Tally, number: int, answers: Sequence[Answer], won: Sequence[bool]) -> None:
    """A form pressed twice may be shown the claim instead of a refusal: what counts is that one press did it."""
    tally.winners += sum(won)
    tally.refused += len(won) - sum(won)
    if any(answer.status not in (SEE_OTHER, CONFLICT) for answer in answers) or sum(won) != 1:
        tally.wrong(f"B{number}: {[(answer.status, answer.headers.get('location')) for answer in answers]}")


def _goes_to(answer: Answer, mark: str) -> bool:
    return answer.status == SEE_OTHER and mark in answer.headers.get("location", "")


CASES = (
    Case("60 of 100 twice on one line", two_refunds),
    Case("60 + 60 of 100 on two lines of one order", two_lines),
    Case("one request sent two or three times, same key", same_request),
    Case("buyer's form sent twice", same_form),
    Case("approve against withdraw", approve_or_withdraw),
    Case("two machines approve", two_machines),
    Case("two reviewers approve at the desk", two_reviewers),
    Case("two second persons confirm, the first tries too", two_confirmations),
    Case("two claims for one line", two_claims),
    Case("rail tells success in copies, late, old and forged", success_in_copies),
    Case("rail tells bounce and success out of order", bounce_out_of_order),
)
