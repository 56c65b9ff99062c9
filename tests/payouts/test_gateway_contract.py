"""What every gateway must keep to, run against the sandbox's client; a real rail's client joins the list of GATEWAYS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import pytest_asyncio

from huiliu.adapters.rails.registry import (
    SANDBOX_RAILS,
    gateways,
    notification_readers,
    payment_queries,
    rail_client,
)
from huiliu.adapters.rails.sandbox import SandboxGateway
from huiliu.evidence.inspection.model import StatusCode
from huiliu.evidence.verification import payments
from huiliu.kit.ids import new_id, refund_no
from huiliu.kit.money import Money
from huiliu.kit.settings import Settings
from huiliu.payouts.gateway import (
    Accepted,
    Bounced,
    Declined,
    Gateway,
    NotReceived,
    RefundOrder,
    Reported,
    Unknown,
    Verified,
    mismatch,
)
from huiliu.simulators.http import Answer, Question, serve
from huiliu.simulators.signing import Doorkeeper, notification_headers
from tests.simulators.rail import SECRET, Rail, running_rail


@pytest.fixture(scope="module")
def rail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rail]:
    with running_rail(tmp_path_factory.mktemp("rail") / "books.sqlite3") as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with rail_client() as opened:
        yield opened


@pytest.fixture
def gateway(rail: Rail, client: httpx.AsyncClient) -> SandboxGateway:
    rail.plan()
    return SandboxGateway(client, url=rail.url, secret=SECRET, total_seconds=0.5)


def an_order(amount_minor: int = 60_00, *, trade_no: str | None = None) -> RefundOrder:
    number = refund_no(new_id())
    return RefundOrder(number, trade_no or f"SB{number}", "P1", Money(amount_minor), Money(100_00), "退款申请 RF1")


async def test_success_is_reported_by_the_sending_and_verified_only_by_a_question(gateway: Gateway) -> None:
    order = an_order()
    sent, asked = await gateway.send(order), await gateway.query(order)
    assert isinstance(sent, Reported)
    assert isinstance(asked, Verified)
    assert (mismatch(order, sent), mismatch(order, asked)) == ((), ())
    assert asked.rail_refund_no == sent.rail_refund_no != ""
    assert asked.arrived_to == "用户零钱"


async def test_the_same_number_again_is_the_same_refund(gateway: Gateway, rail: Rail) -> None:
    order = an_order()
    first, *others = await asyncio.gather(*(gateway.send(order) for _ in range(6)))
    assert others == [first] * 5
    assert [row["amount_minor"] for row in rail.refunds().values() if row["trade_no"] == order.rail_trade_no] == [60_00]


async def test_the_same_number_with_another_amount_is_in_doubt_not_declined(gateway: Gateway) -> None:
    order = an_order()
    await gateway.send(order)
    other = RefundOrder(order.refund_no, order.rail_trade_no, "P1", Money(1), order.paid, "")
    assert isinstance(await gateway.send(other), Unknown)
    assert mismatch(other, await gateway.query(other)) == ("amount",)


async def test_a_number_nobody_sent_was_not_received(gateway: Gateway) -> None:
    assert await gateway.query(an_order()) == NotReceived()


async def test_what_the_rail_is_still_working_on_is_accepted_and_a_bounce_is_a_bounce(
    gateway: Gateway, rail: Rail
) -> None:
    late, back = an_order(), an_order()
    rail.plan(
        {"fault": "answer_late", "refund_no": late.refund_no, "seconds": 60},
        {"fault": "bounce_after_success", "refund_no": back.refund_no, "seconds": 60},
    )
    assert isinstance(await gateway.send(late), Accepted)
    assert isinstance(await gateway.query(late), Accepted)
    assert isinstance(await gateway.send(back), Reported)
    rail.advance(61)
    assert isinstance(await gateway.query(late), Verified)
    assert isinstance(await gateway.query(back), Bounced)


async def test_a_no_says_why_and_whether_it_passes_by_itself(gateway: Gateway, rail: Rail) -> None:
    for code, is_retriable in (("NOT_ENOUGH", False), ("FREQUENCY_LIMITED", True)):
        rail.plan({"fault": "refuse", "code": code})
        assert await gateway.send(an_order()) == Declined(code, "refused by the fault plan", is_retriable)
    rail.plan()
    assert await gateway.send(an_order(trade_no="nobody paid this")) == Declined(
        "TRADE_NOT_EXIST", "no payment has this number", False
    )


async def test_a_refused_question_says_nothing_about_the_refund(gateway: Gateway, rail: Rail) -> None:
    order = an_order()
    await gateway.send(order)
    rail.plan({"fault": "refuse", "on": "query", "code": "USER_ACCOUNT_ABNORMAL"})
    assert isinstance(await gateway.query(order), Unknown)


@pytest.mark.parametrize("fault", ["accept_then_timeout", "drop_before", "server_error", "garbage", "bad_signature"])
@pytest.mark.parametrize("seconds", [0, 30])
async def test_everything_unclear_is_unknown(gateway: Gateway, rail: Rail, fault: str, seconds: int) -> None:
    rail.plan({"fault": fault, "on": "both", "times": 9, "seconds": seconds})
    order = an_order()
    assert isinstance(await gateway.send(order), Unknown)
    assert isinstance(await gateway.query(order), Unknown | NotReceived)


async def test_a_rail_that_is_not_there_is_unknown(client: httpx.AsyncClient) -> None:
    nowhere = SandboxGateway(client, url="http://127.0.0.1:1", secret=SECRET)
    assert isinstance(await nowhere.send(an_order()), Unknown)


async def test_a_wrong_secret_is_unknown_because_the_answer_cannot_be_believed(
    rail: Rail, client: httpx.AsyncClient
) -> None:
    stranger = SandboxGateway(client, url=rail.url, secret="guessed")
    order = an_order()
    assert isinstance(await stranger.send(order), Unknown)
    assert order.refund_no not in rail.refunds()


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b""), (200, b"{}"), (200, b"null"), (200, b"\xff\xfe"), (200, b"[" * 100_000), (404, b"{}"), (302, b"{}")],
)
async def test_a_rail_run_by_a_stranger_is_never_believed(client: httpx.AsyncClient, status: int, body: bytes) -> None:
    async def lie(question: Question) -> Answer:
        odd = {"rail-signature": "é", "rail-timestamp": "9" * 400, "location": "http://127.0.0.1:1/"}
        return Answer(status, body, odd)

    server = await serve(lie, host="127.0.0.1", port=0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        gateway = SandboxGateway(client, url=url, secret=SECRET)
        assert isinstance(await gateway.send(an_order()), Unknown)
        assert isinstance(await gateway.query(an_order()), Unknown)
        await client.aclose()


async def test_an_answer_to_another_question_is_not_believed(client: httpx.AsyncClient, rail: Rail) -> None:
    order = an_order()
    real = SandboxGateway(client, url=rail.url, secret=SECRET)
    await real.send(order)
    recorded = rail.call("GET", f"/refunds/{order.refund_no}")
    assert recorded.json()["state"] == "SUCCESS"

    async def replay(question: Question) -> Answer:
        headers = {name: recorded.headers[name] for name in ("rail-signature", "rail-timestamp")}
        return Answer(200, recorded.content, headers)

    server = await serve(replay, host="127.0.0.1", port=0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        assert isinstance(await SandboxGateway(client, url=url, secret=SECRET).query(order), Unknown)
        await client.aclose()


async def test_a_notification_is_read_only_if_signed_fresh_and_readable(gateway: Gateway, rail: Rail) -> None:
    now = datetime.now(UTC)
    body = (
        b'{"refund_no":"HLR1","rail_refund_no":"50","trade_no":"T1","amount":6000,"currency":"CNY","state":"SUCCESS",'
        b'"event_id":"HLR1.SUCCESS"}'
    )
    headers = notification_headers(SECRET, body)
    read = gateway.read_notification(headers, body, now=now)
    assert read is not None
    assert (read.id, read.refund_no, type(read.result)) == ("HLR1.SUCCESS", "HLR1", Verified)
    assert gateway.read_notification(headers, body.replace(b"6000", b"9000"), now=now) is None
    assert gateway.read_notification(headers | {"rail-nonce": "x"}, body, now=now) is None
    assert gateway.read_notification(headers, body, now=now + timedelta(minutes=6)) is None
    assert gateway.read_notification(notification_headers("guessed", body), body, now=now) is None
    assert gateway.read_notification({}, body, now=now) is None
    assert gateway.read_notification(headers | {"rail-signature": "é"}, body, now=now) is None
    assert gateway.read_notification(notification_headers(SECRET, b"{}"), b"{}", now=now) is None
    later = notification_headers(SECRET, body) | {"rail-timestamp": "9" * 400}
    assert gateway.read_notification(later, body, now=now) is None


async def test_a_rail_notifies_twice_and_says_the_same_both_times(
    rail: Rail, client: httpx.AsyncClient, gateway: Gateway
) -> None:
    got: asyncio.Queue[Question] = asyncio.Queue()

    async def take(question: Question) -> Answer:
        await got.put(question)
        return Answer(200, b"{}")

    server = await serve(take, host="127.0.0.1", port=0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/notifications"
        order = an_order()
        rail.plan({"fault": "answer_twice", "refund_no": order.refund_no})
        told = SandboxGateway(client, url=rail.url, secret=SECRET, notify_url=url)
        assert isinstance(await told.send(order), Reported)
        both = [await asyncio.wait_for(got.get(), 10) for _ in range(2)]
        read = [told.read_notification(one.headers, one.body, now=datetime.now(UTC)) for one in both]
    assert read[0] is not None
    assert read[1] is not None
    assert (read[0].id, read[0].result) == (read[1].id, read[1].result)
    assert mismatch(order, read[0].result) == ()


async def test_every_rail_of_this_release_is_played_by_the_sandbox_and_hand_rails_are_absent(
    client: httpx.AsyncClient,
) -> None:
    table = gateways(Settings(sandbox_rail_secret="one of our own"), client)
    assert set(table) == set(SANDBOX_RAILS) == {"sandbox", "wechatpay", "alipay", "epay"}


async def test_a_secret_that_everybody_knows_opens_no_rail_outside_the_demonstration(client: httpx.AsyncClient) -> None:
    assert gateways(Settings(), client) == {}
    assert notification_readers(Settings()) == {}
    assert set(gateways(Settings(demo=True), client)) == set(SANDBOX_RAILS)


# ------------------------------------------------------------------------------------------------ asking about a payment


async def test_a_payment_to_us_is_told_with_its_amount_its_time_and_what_became_of_it(
    gateway: SandboxGateway, rail: Rail
) -> None:
    paid_at = datetime(2026, 11, 23, 1, 30, 5, tzinfo=UTC)
    body = {"trade_no": "2026112322001401", "amount": 100_00, "paid_at": paid_at.timestamp()}
    assert rail.call("POST", "/payments", body).status_code == 201
    told = await gateway.payment("2026112322001401")
    assert told == payments.Paid(
        trade_no="2026112322001401", amount=Money(100_00), paid_at=paid_at, status=StatusCode.PAID
    )
    order = RefundOrder(refund_no(new_id()), "2026112322001401", "P1", Money(100_00), Money(100_00), "")
    await gateway.send(order)
    told = await gateway.payment("2026112322001401")
    assert isinstance(told, payments.Paid)
    assert told.status is StatusCode.REFUNDED


async def test_a_number_nobody_paid_us_under_is_not_ours(gateway: SandboxGateway) -> None:
    assert await gateway.payment("4200009999202611239999999999") == payments.NotOurs()
    assert await gateway.payment("../books?x=/ 4") == payments.NotOurs()


async def test_open_books_that_do_not_know_a_payment_yet_say_nothing_about_it(gateway: SandboxGateway) -> None:
    assert isinstance(await gateway.payment("SBnever-refunded"), payments.Unknown)


@pytest.mark.parametrize("fault", ["accept_then_timeout", "drop_before", "server_error", "garbage", "bad_signature"])
async def test_a_question_about_a_payment_that_goes_wrong_says_nothing(
    gateway: SandboxGateway, rail: Rail, fault: str
) -> None:
    trade_no = f"T{fault}"
    rail.pay_in(trade_no, 100_00)
    rail.plan({"fault": fault, "on": "payment", "times": 9, "seconds": 30})
    assert isinstance(await gateway.payment(trade_no), payments.Unknown)
    rail.plan({"fault": "refuse", "on": "payment", "code": "FREQUENCY_LIMITED"})
    assert isinstance(await gateway.payment(trade_no), payments.Unknown)
    rail.plan({"fault": fault, "on": "both", "times": 9, "seconds": 30})
    assert isinstance(await gateway.payment(trade_no), payments.Paid), "refunds are another interface"


async def test_a_stranger_who_plays_the_rail_is_not_believed_about_payments(client: httpx.AsyncClient) -> None:
    async def lie(question: Question) -> Answer:
        return Answer(200, b'{"trade_no":"T1","amount":1,"currency":"CNY","paid_at":1,"state":"SUCCESS"}', {})

    server = await serve(lie, host="127.0.0.1", port=0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        assert isinstance(await SandboxGateway(client, url=url, secret=SECRET).payment("T1"), payments.Unknown)
        await client.aclose()


async def test_a_signed_answer_about_another_payment_is_no_answer(client: httpx.AsyncClient) -> None:
    door = Doorkeeper(SECRET)

    async def other(question: Question) -> Answer:
        body = b'{"trade_no":"T2","amount":1,"currency":"CNY","paid_at":1,"state":"SUCCESS"}'
        return Answer(200, body, door.sign(200, question.headers["rail-nonce"], body))

    server = await serve(other, host="127.0.0.1", port=0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        gateway = SandboxGateway(client, url=url, secret=SECRET)
        assert isinstance(await gateway.payment("T1"), payments.Unknown)
        assert isinstance(await gateway.payment("T2"), payments.Paid)
        await client.aclose()


def test_rails_are_asked_about_payments_only_with_a_secret_of_their_own() -> None:
    with_secret = Settings(sandbox_rail_secret="own")
    client = rail_client()
    assert set(payment_queries(with_secret, client)) == set(SANDBOX_RAILS)
    assert payment_queries(Settings(), client) == {}
