"""The sandbox rail: a payment rail over signed HTTP with its own books, that fails on demand in every known way.

POST /payments seeds a payment, GET /payments/{trade_no} says whether there is one, POST /refunds asks for a refund,
GET /refunds/{refund_no} says what became of it, GET /books and GET /books/refunds are for reconciliation, POST /plan sets
the fault plan, POST /clock moves its time on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import msgspec
from msgspec import Meta

from huiliu.simulators.books import (
    LIST_MAX,
    OPEN_BOOKS_PREFIX,
    Books,
    Letter,
    Refund,
    RefundState,
    Refused,
)
from huiliu.simulators.http import Answer, Question, Silence, serve
from huiliu.simulators.plan import Fault, Plan, Planner, Rule
from huiliu.simulators.signing import Doorkeeper, notification_headers

SANDBOX_SECRET = "sandbox"  # noqa: S105 - it guards play money, and both sides' default must agree
TICK_SECONDS = 0.05
NOTIFY_WAITS = (1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 1800.0)
"""Pauses between tries of one notification; after the last it is given up, and only a query will tell."""
NOTIFY_TIMEOUT_SECONDS = 5
ARRIVED_TO = "用户零钱"

Text = Annotated[str, Meta(min_length=1, max_length=64)]
Amount = Annotated[int, Meta(ge=1, le=10_000_000_00)]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$")]


class PaymentIn(msgspec.Struct, frozen=True, kw_only=True):
    """A payment to put into the books."""

    trade_no: Text
    amount: Amount
    currency: Currency = "CNY"
    paid_at: Annotated[float, Meta(ge=0)] | None = None
    """Seconds since 1970; without it, now."""


class RefundIn(msgspec.Struct, frozen=True, kw_only=True):
    """A refund asked for. Amounts in minor units; `total` is what was paid, as merchants must repeat it."""

    refund_no: Text
    trade_no: Text
    amount: Amount
    total: Amount
    currency: Currency = "CNY"
    reason: Annotated[str, Meta(max_length=80)] = ""
    notify_url: Annotated[str, Meta(max_length=500)] = ""


class ClockIn(msgspec.Struct, frozen=True, kw_only=True):
    """How far the rail's clock jumps."""

    advance_seconds: Annotated[float, Meta(ge=0, le=86_400 * 400)]


class RefundOut(msgspec.Struct, frozen=True, kw_only=True):
    """What the rail says of a refund, in answers and notifications alike."""

    refund_no: str
    rail_refund_no: str
    trade_no: str
    amount: int
    currency: str
    state: RefundState
    arrived_to: str = ""
    fail_code: str = ""
    event_id: str = ""


class PaymentOut(msgspec.Struct, frozen=True, kw_only=True):
    """What the rail says of a payment of this merchant."""

    trade_no: str
    amount: int
    currency: str
    paid_at: int
    state: Literal["SUCCESS", "REFUND"]
    """REFUND: all of it went back."""


class ErrorOut(msgspec.Struct, frozen=True, kw_only=True):
    """The rail's no."""

    code: str
    message: str


class SandboxRail:
    """The rail's rules over its books; `handle` is the whole HTTP surface."""

    def __init__(self, books: Books, plan: Plan, *, secret: str = SANDBOX_SECRET, has_open_books: bool = False) -> None:
        self._books = books
        self._planner = Planner(plan)
        self._door = Doorkeeper(secret)
        self._secret = secret
        self._has_open_books = has_open_books
        self._ahead = 0.0
        self._wake = asyncio.Event()

    def now(self) -> float:
        """The rail's own time."""
        return time.time() + self._ahead

    async def handle(self, question: Question) -> Answer | Silence:
        """Answer one request, well or badly as the plan says."""
        if question.method == "GET" and question.target == "/health":
            return Answer(200, b"{}")
        if not self._door.admits(question.method, question.target, question.headers, question.body):
            return self._signed(question, 401, ErrorOut(code="SIGN_ERROR", message="signature, time or nonce is wrong"))
        try:
            return await self._route(question)
        except Refused as no:
            return self._signed(question, no.status, ErrorOut(code=no.code, message=no.message))
        except msgspec.ValidationError as error:
            return self._signed(question, 400, ErrorOut(code="PARAM_ERROR", message=str(error)))
        except msgspec.DecodeError:
            return self._signed(question, 400, ErrorOut(code="PARAM_ERROR", message="the body is not JSON"))

    async def _route(self, question: Question) -> Answer | Silence:
        parts = urlsplit(question.target)
        match question.method, parts.path.strip("/").split("/"):
            case "POST", ["refunds"]:
                return await self._send(question, msgspec.json.decode(question.body, type=RefundIn))
            case "GET", ["refunds", number]:
                return await self._query(question, unquote(number))
            case "POST", ["payments"]:
                self._pay_in(msgspec.json.decode(question.body, type=PaymentIn))
                return self._signed(question, 201, None)
            case "GET", ["payments", number]:
                return await self._payment(question, unquote(number))
            case "GET", ["books"]:
                return self._signed(question, 200, self._books.totals())
            case "GET", ["books", "refunds"]:
                after = parse_qs(parts.query).get("after", [""])[0]
                return self._signed(question, 200, self._books.refunds(after=after, limit=LIST_MAX))
            case "POST", ["plan"]:
                self._planner.set(msgspec.json.decode(question.body, type=Plan))
                return self._signed(question, 200, None)
            case "POST", ["clock"]:
                self._ahead += msgspec.json.decode(question.body, type=ClockIn).advance_seconds
                self.keep_appointments()
                return self._signed(question, 200, None)
            case _:
                raise Refused(404, "NO_SUCH_INTERFACE", "there is no such interface")

    def _pay_in(self, payment: PaymentIn) -> None:
        self._books.pay_in(
            trade_no=payment.trade_no,
            amount_minor=payment.amount,
            currency=payment.currency,
            at=self.now() if payment.paid_at is None else payment.paid_at,
        )

    async def _payment(self, question: Question, trade_no: str) -> Answer | Silence:
        """Whether the merchant was paid under this number. Open books make payments up, so they never say no."""
        rule = self._planner.choose("payment", refund_no=trade_no, trade_no=trade_no)
        if rule is not None and rule.fault is Fault.DELAY:
            await asyncio.sleep(rule.seconds)
        if rule is not None and rule.fault in (Fault.DROP_BEFORE, Fault.ACCEPT_THEN_TIMEOUT):
            return Silence(rule.seconds)
        if rule is not None and rule.fault is Fault.REFUSE:
            raise _refusal(rule)
        payment = self._books.payment(trade_no)
        if payment is None and self._has_open_books and trade_no.startswith(OPEN_BOOKS_PREFIX):
            raise Refused(409, "TRADE_NOT_YET_KNOWN", "open books learn of a payment when it is refunded")
        if payment is None:
            raise Refused(404, "TRADE_NOT_EXIST", "no payment has this number")
        says = PaymentOut(
            trade_no=payment.trade_no,
            amount=payment.amount_minor,
            currency=payment.currency,
            paid_at=int(payment.paid_at),
            state="REFUND" if payment.refunded_minor >= payment.amount_minor else "SUCCESS",
        )
        return self._spoil_answer(question, rule, says, wrong=msgspec.structs.replace(says, amount=says.amount + 1))

    async def _send(self, question: Question, asked: RefundIn) -> Answer | Silence:
        rule = self._planner.choose("send", refund_no=asked.refund_no, trade_no=asked.trade_no)
        if rule is not None and rule.fault is Fault.DELAY:
            await asyncio.sleep(rule.seconds)
        if rule is not None and rule.fault is Fault.DROP_BEFORE:
            return Silence(rule.seconds)
        if rule is not None and rule.fault is Fault.REFUSE and self._books.find(asked.refund_no) is None:
            raise _refusal(rule)
        if self._has_open_books and asked.trade_no.startswith(OPEN_BOOKS_PREFIX):
            self._pay_in(PaymentIn(trade_no=asked.trade_no, amount=asked.total, currency=asked.currency))
        refund, is_new = self._books.book(
            refund_no=asked.refund_no,
            trade_no=asked.trade_no,
            amount_minor=asked.amount,
            currency=asked.currency,
            at=self.now(),
            notify_url=asked.notify_url,
            notify_times=2 if rule is not None and rule.fault is Fault.ANSWER_TWICE else 1,
        )
        if is_new:
            refund = self._carry_out(refund, rule)
        return self._spoil(question, rule, refund)

    def _carry_out(self, refund: Refund, rule: Rule | None) -> Refund:
        """Move the money now, or put it on the agenda."""
        later = self.now() + (rule.seconds if rule is not None else 0)
        if rule is not None and rule.fault is Fault.ANSWER_LATE:
            self._books.schedule(refund.refund_no, RefundState.SUCCESS, at=later)
            return refund
        if rule is not None and rule.fault is Fault.FAIL_LATE:
            self._books.schedule(refund.refund_no, RefundState.FAILED, at=later, fail_code=rule.code)
            return refund
        if rule is not None and rule.fault is Fault.BOUNCE_AFTER_SUCCESS:
            self._books.schedule(refund.refund_no, RefundState.BOUNCED, at=later)
        return self._become(refund.refund_no, RefundState.SUCCESS) or refund

    async def _query(self, question: Question, refund_no: str) -> Answer | Silence:
        refund = self._books.find(refund_no)
        trade_no = "" if refund is None else refund.trade_no
        rule = self._planner.choose("query", refund_no=refund_no, trade_no=trade_no)
        if rule is not None and rule.fault is Fault.DELAY:
            await asyncio.sleep(rule.seconds)
        if rule is not None and rule.fault is Fault.DROP_BEFORE:
            return Silence(rule.seconds)
        if rule is not None and rule.fault is Fault.REFUSE:
            raise _refusal(rule)
        if refund is None:
            raise Refused(404, "RESOURCE_NOT_EXISTS", "no refund has this number")
        return self._spoil(question, rule, refund)

    def _spoil(self, question: Question, rule: Rule | None, refund: Refund) -> Answer | Silence:
        """The answer about a booked refund, spoilt if the plan wants it."""
        says = _says(refund)
        return self._spoil_answer(question, rule, says, wrong=msgspec.structs.replace(says, amount=says.amount + 1))

    def _spoil_answer(self, question: Question, rule: Rule | None, says: object, *, wrong: object) -> Answer | Silence:
        match None if rule is None else rule.fault:
            case Fault.ACCEPT_THEN_TIMEOUT:
                return Silence(rule.seconds if rule is not None else 0)
            case Fault.SERVER_ERROR:
                return Answer(502, b"Bad Gateway")
            case Fault.GARBAGE:
                return Answer(200, "<html>系统繁忙</html>".encode(), {"content-type": "text/html"})
            case Fault.WRONG_AMOUNT:
                return self._signed(question, 200, wrong)
            case Fault.BAD_SIGNATURE:
                answer = self._signed(question, 200, says)
                return Answer(200, answer.body, answer.headers | {"rail-signature": "0" * 64})
            case _:
                return self._signed(question, 200, says)

    def _become(self, refund_no: str, state: RefundState, *, fail_code: str = "") -> Refund | None:
        refund = self._books.become(refund_no, state, at=self.now(), fail_code=fail_code)
        if refund is not None and refund.notify_url:
            event_id = f"{refund_no}.{state}"
            body = msgspec.json.encode(msgspec.structs.replace(_says(refund), event_id=event_id))
            for copy in range(refund.notify_times):
                letter = Letter(id=event_id, copy=copy, url=refund.notify_url, body=body, next_at=self.now(), tries=0)
                self._books.post(letter)
            self._wake.set()
        return refund

    def keep_appointments(self) -> None:
        """Do what the agenda has for now."""
        for appointment in self._books.due(self.now()):
            self._become(appointment.refund_no, appointment.becomes, fail_code=appointment.fail_code)
            self._books.strike_off(appointment)

    async def tick(self) -> None:
        """Keep the agenda and deliver notifications until cancelled."""
        self._books.resume(self.now())
        async with httpx.AsyncClient(timeout=NOTIFY_TIMEOUT_SECONDS, trust_env=False) as client:
            while True:
                self.keep_appointments()
                letters = self._books.letters(self.now())
                await asyncio.gather(*(self._deliver(client, letter) for letter in letters))
                if not letters:
                    self._wake.clear()
                    await _either(self._wake, TICK_SECONDS)

    async def _deliver(self, client: httpx.AsyncClient, letter: Letter) -> None:
        try:
            answer = await client.post(
                letter.url, content=letter.body, headers=notification_headers(self._secret, letter.body)
            )
            is_taken = answer.is_success
        except (httpx.HTTPError, httpx.InvalidURL):
            is_taken = False
        if is_taken or letter.tries >= len(NOTIFY_WAITS):
            self._books.delivered(letter)
        else:
            self._books.postpone(letter, next_at=self.now() + NOTIFY_WAITS[letter.tries])

    def _signed(self, question: Question, status: int, content: object) -> Answer:
        body = msgspec.json.encode(content)
        return Answer(status, body, self._door.sign(status, question.headers.get("rail-nonce", ""), body))


async def run(
    *,
    port: int,
    books: Path,
    plan: Plan,
    secret: str = SANDBOX_SECRET,
    has_open_books: bool = False,
    host: str = "127.0.0.1",
    ready: Callable[[str], Awaitable[None] | None],
) -> None:
    """Serve until cancelled; `ready` hears the address once it listens (port 0 takes a free one)."""
    books.parent.mkdir(parents=True, exist_ok=True)
    opened = Books(books)
    try:
        rail = SandboxRail(opened, plan, secret=secret, has_open_books=has_open_books)
        server = await serve(rail.handle, host=host, port=port)
        async with server:
            told = ready(f"http://{host}:{server.sockets[0].getsockname()[1]}")
            if told is not None:
                await told
            await rail.tick()
    finally:
        opened.close()


def load_plan(path: Path | None) -> Plan:
    """The fault plan of a JSON file; no file, no faults. Raises msgspec.DecodeError with the place of the mistake."""
    return Plan() if path is None else msgspec.json.decode(path.read_bytes(), type=Plan)


async def _either(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return


def _refusal(rule: Rule) -> Refused:
    return Refused(429 if rule.code == "FREQUENCY_LIMITED" else 403, rule.code, "refused by the fault plan")


def _says(refund: Refund) -> RefundOut:
    return RefundOut(
        refund_no=refund.refund_no,
        rail_refund_no=refund.rail_refund_no,
        trade_no=refund.trade_no,
        amount=refund.amount_minor,
        currency=refund.currency,
        state=refund.state,
        arrived_to=ARRIVED_TO if refund.state is RefundState.SUCCESS else "",
        fail_code=refund.fail_code,
    )
