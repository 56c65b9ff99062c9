"""What the races are run in: a served platform with orders, people and machines, and the tally of a case."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

import msgspec
import psycopg

from huiliu.bench.invariants import Kind, Problem
from huiliu.bench.rail_books import RailSide, still_open
from huiliu.bench.seed import PAID_MINOR, Seeded, seed_orders
from huiliu.bench.stack import Stack
from huiliu.bench.wire import Answer, Switchboard, form_post, json_post
from huiliu.kit.db import Pool, Tx, transaction
from huiliu.people.actor import system_actor
from huiliu.people.contacts import contact_hash
from huiliu.people.model import Buyer, Role, Staff
from huiliu.people.sessions import open_buyer_session, open_staff_session
from huiliu.people.staff import create_staff, operator
from huiliu.web.form import FORM_COOKIE, FORM_FIELD, form_token
from huiliu.web.visit import BUYER_COOKIE, STAFF_COOKIE

CONTACT = "13812345678"
FORM_SECRET = "bench-browser"  # noqa: S105 - a browser's random cookie; the form's proof is made from it
PAUSE_SECONDS_MAX = 0.004
SMALL_MINOR = 40_00
"""Two of these fit into an order of 100.00, so that no money wall hides what only the claim's version guards."""
SETTLE_SECONDS_MAX = 90.0
POLL_SECONDS = 0.05
CONFLICT = 409
SEE_OTHER = 303
SERVER_ERROR = 500


@dataclass(slots=True)
class Tally:
    """What the rounds of one case came to."""

    winners: int = 0
    refused: int = 0
    acknowledged: list[str] = field(default_factory=list[str])
    """Numbers of claims that an answer named."""
    problems: list[Problem] = field(default_factory=list[Problem])

    def wrong(self, what: str, *, kind: Kind = Kind.ANSWER) -> None:
        """Note an answer that should not have been given."""
        self.problems.append(Problem(kind, "answers are what they should be", what))

    def one_wins(
        self,
        round_no: int,
        answers: Sequence[Answer],
        *,
        won: Sequence[bool],
        refusals: frozenset[int] = frozenset({CONFLICT}),
    ) -> None:
        """Exactly one of them had its way, and the others were refused for what the first did."""
        for answer, has_won in zip(answers, won, strict=True):
            if has_won:
                self.winners += 1
            elif answer.status in refusals:
                self.refused += 1
            else:
                self.wrong(f"round {round_no}: {answer.status} {answer.body[:200]!r}")
        if sum(won) != 1:
            self.wrong(f"round {round_no}: {sum(won)} won", kind=Kind.DOUBLE_PAYOUT if sum(won) else Kind.LOST_CLAIM)

    def acknowledge(self, answer: Answer) -> str:
        """Remember the claim that an answer of the API names."""
        claim_no = msgspec.json.decode(answer.body, type=_Named).claim_no
        self.acknowledged.append(claim_no)
        return claim_no


class _Named(msgspec.Struct, frozen=True):
    claim_no: str


@dataclass(slots=True, kw_only=True)
class Arena:
    """The running installation and everybody in it."""

    stack: Stack
    seeded: Seeded
    pool: Pool
    board: Switchboard
    rail: RailSide
    cookies: dict[str, dict[str, str]]
    """Who -> the cookies of their browser: 'buyer', and each member of staff by login."""
    staff: dict[str, Staff]
    buyer: Buyer
    random: Random
    next_order: int = 1

    def sell(self, count: int) -> range:
        """So many fresh orders of 100.00 yuan, all of one buyer."""
        numbers = range(self.next_order, self.next_order + count)
        self.next_order += count
        seed_orders(self.stack.database_url, self.seeded.platform.id, first=numbers.start, count=count)
        self.alter(numbers, "UPDATE orders SET contact_hash = %(contact)s WHERE order_no = ANY (%(orders)s)")
        return numbers

    def alter(self, numbers: range, sql: str, **params: object) -> None:
        """Change these orders in a way that seeding does not know, before the race."""
        given = {"orders": [f"B{n}" for n in numbers], "contact": self.buyer.contact_hash, "paid": PAID_MINOR}
        with psycopg.connect(self.stack.database_url) as connection:
            connection.execute(sql.encode(), given | params)

    def pauses(self, round_no: int, count: int) -> list[float]:
        """Nothing between the requests in even rounds; in odd ones a random moment, to meet the others half-way."""
        if round_no % 2 == 0:
            return []
        return [0.0, *(self.random.uniform(0, PAUSE_SECONDS_MAX) for _ in range(count - 1))]

    async def race(self, round_no: int, requests: Sequence[bytes]) -> list[Answer]:
        """One round: all of them against different processes, in a random order."""
        order = self.random.sample(range(len(requests)), len(requests))
        sent = [requests[number] for number in order]
        answers = await self.board.volley(sent, pauses=self.pauses(round_no, len(sent)))
        by_number = dict(zip(order, answers, strict=True))
        return [by_number[number] for number in range(len(requests))]

    def api(self, path: str, body: object, *, machine: int = 0, key: str = "") -> bytes:
        """A machine's call."""
        return json_post(f"/api/v1{path}", msgspec.json.encode(body), self.seeded.tokens[machine], key=key)

    def form(self, who: str, path: str, **fields: str) -> bytes:
        """Somebody's form, with the proof that our page gave them."""
        proof = {FORM_FIELD: form_token(FORM_SECRET)}
        return form_post(f"/{self.seeded.platform.slug}{path}", fields | proof, cookies=self.cookies[who])

    def refund(self, number: int, *, key: str, line: int = 1, amount: int = 60_00, machine: int = 0) -> bytes:
        """A refund that the policy decides by itself."""
        body = {"order_no": f"B{number}", "line": line, "reason": "changed_mind", "amount_minor": amount}
        return self.api("/refunds", body, machine=machine, key=key)

    async def filed(self, tally: Tally, numbers: range, *, amount: int = SMALL_MINOR) -> dict[int, str]:
        """Claims that wait for a person, one for each order: order number -> claim number."""
        body = {"reason": "not_as_described", "statement": "与描述不符", "amount_minor": amount}
        requests = [self.api("/refunds", {"order_no": f"B{n}"} | body, key=f"f{n}") for n in numbers]
        answers = await self.board.each(requests)
        bad = [answer for answer in answers if answer.status != 201]
        if bad:
            raise RuntimeError(f"filing was refused: {bad[0].status} {bad[0].body[:300]!r}")
        return {number: tally.acknowledge(answer) for number, answer in zip(numbers, answers, strict=True)}

    async def settled(self, numbers: range) -> int:
        """Wait until no payout of these orders is being carried any more; how many still are when patience ends."""
        trades = [f"SB{number}" for number in numbers]
        give_up_at = time.monotonic() + SETTLE_SECONDS_MAX
        # Another process does it, so there is no event to wait for.
        while (left := still_open(self.stack.database_url, trades)) and time.monotonic() < give_up_at:  # noqa: ASYNC110
            await asyncio.sleep(POLL_SECONDS)
        return left


async def people(pool: Pool, stack: Stack, seeded: Seeded) -> tuple[dict[str, dict[str, str]], dict[str, Staff], Buyer]:
    """何审 and 沈复, who review, 裁衡, who arbitrates, and the buyer 林小满: their browsers' cookies, and who they are."""
    slug, platform_id = seeded.platform.slug, seeded.platform.id
    hashed = contact_hash(stack.keyring, platform_id, CONTACT)
    hired = {"heshen": ("何审", Role.REVIEWER), "shenfu": ("沈复", Role.REVIEWER), "caiheng": ("裁衡", Role.ARBITRATOR)}
    cookies: dict[str, dict[str, str]] = {}
    staff: dict[str, Staff] = {}
    async with transaction(pool, system_actor(platform_id)) as tx:
        for login, (name, role) in hired.items():
            staff[login] = await _hire(tx, stack, login=login, name=name, role=role)
            session = await open_staff_session(tx, staff[login])
            cookies[login] = {STAFF_COOKIE + slug: session.token, FORM_COOKIE: FORM_SECRET}
        session = await open_buyer_session(tx, contact_hash=hashed)
        cookies["buyer"] = {BUYER_COOKIE + slug: session.token, FORM_COOKIE: FORM_SECRET}
    return cookies, staff, Buyer(platform_id=platform_id, contact_hash=hashed)


async def _hire(tx: Tx, stack: Stack, *, login: str, name: str, role: Role) -> Staff:
    return await create_staff(
        tx,
        operator(tx.platform_id),
        keyring=stack.keyring,
        login=login,
        name=name,
        roles=[role],
        password_hash="-",  # noqa: S106 - no password opens it; the session is opened here
    )
