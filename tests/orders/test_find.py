"""Finding an order: by number, by time, by words, and never somebody else's."""

import base64
from datetime import timedelta
from typing import LiteralString
from uuid import UUID, uuid4

import psycopg
import pytest

from huiliu.kit.db import Actor, Pool, Tx, across_platforms, transaction
from huiliu.kit.errors import Invalid, NotFound
from huiliu.kit.money import Money
from huiliu.orders.cursors import decode_cursor, encode_cursor
from huiliu.orders.model import DeliveryState, OrderQuery, OrderState, UsageState
from huiliu.orders.reads import find_orders, load_order, load_order_by_id
from huiliu.people.model import ApiKey, Buyer, Role, Staff, Viewer
from tests.conftest import NOW
from tests.make.orders import XIAOMAN_CONTACT, ZHOUMO_CONTACT, Line, fake_contact_hash, order


@pytest.fixture
def xiaoman(platform_id: int) -> Buyer:
    """林小满, signed in."""
    return Buyer(platform_id=platform_id, contact_hash=fake_contact_hash(XIAOMAN_CONTACT))


@pytest.fixture
def zhoumo(platform_id: int) -> Buyer:
    """周末, signed in."""
    return Buyer(platform_id=platform_id, contact_hash=fake_contact_hash(ZHOUMO_CONTACT))


@pytest.fixture
def staff(platform_id: int) -> Staff:
    """小顾 at the desk."""
    roles = frozenset({Role.AGENT})
    return Staff(id=uuid4(), platform_id=platform_id, login="xiaogu", name="小顾", roles=roles)


async def numbers(tx: Tx, viewer: Viewer, **query: object) -> list[str]:
    """The order numbers of the first page, of those that this test made."""
    page = await find_orders(tx, viewer, OrderQuery(**query))  # pyright: ignore[reportArgumentType]  tests only
    return [row.order_no for row in page.rows if row.order_no.startswith("FIND")]


async def test_two_chinese_characters_of_a_title_or_a_delivery_note_find_the_order(tx: Tx, staff: Staff) -> None:
    await order(tx, order_no="FIND1", title="星河会员 月卡", delivery_note="号码不存在")
    await order(tx, order_no="FIND2", title="冰峰点券 100")
    assert await numbers(tx, staff, text="会员") == ["FIND1"]
    assert await numbers(tx, staff, text="不存") == ["FIND1"]
    assert await numbers(tx, staff, text="冰") == ["FIND2"]
    assert await numbers(tx, staff, text="峰点 １００") == ["FIND2"]
    assert await numbers(tx, staff, text="员会") == []
    assert await numbers(tx, staff, text="会员 点券") == []
    assert await numbers(tx, staff, text="%_") == []


async def test_the_words_of_the_article_find_orders_by_what_they_mean(tx: Tx, staff: Staff, xiaoman: Buyer) -> None:
    failed = await order(tx, order_no="FIND-FAILED", delivery_state="failed")
    await order(tx, order_no="FIND-WAITS", delivery_state="pending", ordered_at=NOW - timedelta(hours=2))
    claimed = await order(tx, order_no="FIND-CLAIMED", ordered_at=NOW - timedelta(hours=3))
    await order(tx, order_no="FIND-FINE", ordered_at=NOW - timedelta(hours=4))
    await _claim(tx, claimed.order_id, reason="not_arrived")
    await _claim(tx, failed.order_id, reason="changed_mind", state="draft")
    for viewer in (staff, xiaoman):
        assert await numbers(tx, viewer, text="充值失败") == ["FIND-FAILED"]
        assert await numbers(tx, viewer, text="未到账") == ["FIND-FAILED", "FIND-WAITS", "FIND-CLAIMED"]
        assert await numbers(tx, viewer, text="未到账 claimed") == ["FIND-CLAIMED"]
        assert await numbers(tx, viewer, text="不想要了") == []


async def test_an_order_number_is_found_by_any_part_of_it(tx: Tx, staff: Staff) -> None:
    await order(tx, order_no="FINDKM20261123A7")
    await order(tx, order_no="FINDXX")
    for part in ("FINDKM20261123A7", "findkm", "1123a7", " 2026 1123 "):
        assert await numbers(tx, staff, number=part) == ["FINDKM20261123A7"]
    assert await numbers(tx, staff, number="A8") == []
    assert await numbers(tx, staff, text="20261123") == ["FINDKM20261123A7"]


async def test_filters_narrow_the_list(tx: Tx, staff: Staff) -> None:
    await order(tx, order_no="FIND-NEW", ordered_at=NOW - timedelta(hours=1))
    old = await order(tx, order_no="FIND-OLD", ordered_at=NOW - timedelta(days=9), delivery_state="failed")
    await order(tx, order_no="FIND-UNPAID", state="unpaid", ordered_at=NOW - timedelta(days=1))
    await _claim(tx, old.order_id, reason="not_arrived")
    assert await numbers(tx, staff, from_=NOW - timedelta(days=2)) == ["FIND-NEW", "FIND-UNPAID"]
    assert await numbers(tx, staff, to=NOW - timedelta(days=2)) == ["FIND-OLD"]
    assert await numbers(tx, staff, states=(OrderState.UNPAID,)) == ["FIND-UNPAID"]
    assert await numbers(tx, staff, delivery=(DeliveryState.FAILED,)) == ["FIND-OLD"]
    assert await numbers(tx, staff, reasons=("not_arrived",)) == ["FIND-OLD"]
    assert await numbers(tx, staff, reasons=("topup_wrong",)) == []
    assert await numbers(tx, staff, has_claim=True) == ["FIND-OLD"]
    assert await numbers(tx, staff, has_claim=False) == ["FIND-NEW", "FIND-UNPAID"]


async def test_pages_follow_each_other_without_gap_or_repetition(tx: Tx, xiaoman: Buyer) -> None:
    at = NOW - timedelta(hours=1)
    made = {(await order(tx, ordered_at=at)).order_no for _ in range(7)}
    seen: list[str] = []
    cursor = ""
    for _ in range(10):
        page = await find_orders(tx, xiaoman, OrderQuery(cursor=cursor, limit=3, from_=at))
        seen += [row.order_no for row in page.rows]
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
    assert len(seen) == 7
    assert set(seen) == made


async def test_a_buyer_finds_only_their_own_orders(tx: Tx, xiaoman: Buyer, zhoumo: Buyer) -> None:
    hers = await order(tx, order_no="FIND-HERS", delivery_state="failed")
    his = await order(tx, order_no="FIND-HIS", contact=ZHOUMO_CONTACT)
    assert await numbers(tx, zhoumo) == ["FIND-HIS"]
    assert await numbers(tx, zhoumo, number="FIND-HERS") == []
    assert await numbers(tx, zhoumo, text="充值失败") == []
    assert await numbers(tx, Buyer(platform_id=tx.platform_id)) == []
    looked_up = Buyer(platform_id=tx.platform_id, order_ids=(his.order_id,))
    assert await numbers(tx, looked_up) == ["FIND-HIS"]
    assert (await load_order(tx, looked_up, "FIND-HIS")).order_id == his.order_id
    for stranger in (zhoumo, looked_up, Buyer(platform_id=tx.platform_id)):
        with pytest.raises(NotFound):
            await load_order(tx, stranger, "FIND-HERS")
        with pytest.raises(NotFound):
            await load_order_by_id(tx, stranger, hers.order_id)
    with pytest.raises(NotFound):
        await load_order(tx, xiaoman, "FIND-NOBODYS")


async def test_a_viewer_of_another_platform_sees_nothing(tx: Tx, staff: Staff, platforms: dict[str, int]) -> None:
    made = await order(tx, order_no="FIND-HERE")
    key = ApiKey(id=uuid4(), platform_id=platforms["xingka"], name="星卡", scopes=frozenset())
    stranger = Buyer(platform_id=platforms["xingka"], contact_hash=made.contact_hash)
    for viewer in (key, stranger):
        assert await numbers(tx, viewer) == []
        with pytest.raises(NotFound):
            await load_order(tx, viewer, "FIND-HERE")
    assert await numbers(tx, staff) == ["FIND-HERE"]


async def test_a_forged_cursor_is_refused_and_opens_nothing(tx: Tx, zhoumo: Buyer) -> None:
    await order(tx, order_no="FIND-HERS")
    for forged in (
        "x",
        "….",
        "AAAA",
        "=" * 9,
        "A" * 5000,
        encode_cursor(NOW, uuid4())[:-2],
        "\x00",
        base64.urlsafe_b64encode(b"\x01" + b"\xff" * 24).decode(),
        base64.urlsafe_b64encode(b"\x02" + bytes(24)).decode(),
    ):
        with pytest.raises(Invalid):
            await find_orders(tx, zhoumo, OrderQuery(cursor=forged))
    future = encode_cursor(NOW + timedelta(days=999), UUID(int=0))
    assert await numbers(tx, zhoumo, cursor=future) == []
    assert decode_cursor(future)[0] == NOW + timedelta(days=999)


async def test_a_loaded_order_carries_its_lines_money_and_the_newest_fact_of_use(tx: Tx, xiaoman: Buyer) -> None:
    made = await order(
        tx,
        lines=[
            Line(title="甲", paid_minor=60_00, usage="part_used", units_total=30, units_used=10, unit="day"),
            Line(title="乙", paid_minor=40_00),
        ],
        fee_minor=50,
        account_described="138****5678",
        account_differs=True,
    )
    loaded = await load_order(tx, xiaoman, made.order_no)
    assert (loaded.paid, loaded.fee, loaded.account_differs) == (Money(100_00), Money(50), True)
    first, second = loaded.lines
    assert first.usage is not None
    assert (first.usage.state, first.usage.units_used) == (UsageState.PART_USED, 10)
    assert second.usage is None
    assert loaded.line(2) == second
    assert loaded.line(3) is None


@pytest.mark.parametrize(
    "condition",
    [
        "search_grams @> ARRAY['会员']",
        "(search_grams @> ARRAY['充值'] OR delivery_state = ANY(ARRAY['failed', 'pending']))",
    ],
)
def test_the_keyword_search_of_the_confined_role_uses_its_index(
    db_url: str, platform_id: int, condition: LiteralString
) -> None:
    # Row-level security keeps @> away from the index of the table itself: only the view can use it.
    with psycopg.connect(db_url) as connection:
        connection.execute(
            """
            INSERT INTO orders (platform_id, id, order_no, rail, currency, paid_minor, state, ordered_at,
                   delivery_state, search_grams, content_hash, created_at, updated_at)
            SELECT %s, gen_random_uuid(), 'IX' || n, 'sandbox', 'CNY', 100, 'paid', now() - n * interval '1 minute',
                   'delivered', ARRAY['会' || n %% 997, '充' || n %% 991], '', now(), now()
              FROM generate_series(1, 5000) n
            """,
            (platform_id,),
        )
        connection.execute("ANALYZE orders")
        connection.execute("SET LOCAL ROLE huiliu_app")
        connection.execute("SELECT set_config('huiliu.platform', %s, true)", (str(platform_id),))
        plan = connection.execute(
            "EXPLAIN SELECT id FROM findable_orders WHERE platform_id = %s AND " + condition,  # noqa: S608
            (platform_id,),
        ).fetchall()
        connection.rollback()
    assert "Bitmap Index Scan on orders_grams" in str(plan)


async def test_the_view_that_search_reads_shows_one_platform_only(
    tx: Tx, pool: Pool, platforms: dict[str, int], system: Actor
) -> None:
    await order(tx, order_no="FIND-HERE")
    assert await tx.value("SELECT count(*) FROM findable_orders WHERE order_no = 'FIND-HERE'") == 1
    async with transaction(pool, Actor(system.kind, platforms["xingka"], "system", "系统")) as other:
        assert (
            await other.value("SELECT count(*) FROM findable_orders WHERE platform_id <> %(id)s", id=other.platform_id)
            == 0
        )
    async with across_platforms(pool) as connection:
        cursor = await connection.execute("SELECT count(*) AS n FROM findable_orders")
        assert await cursor.fetchone() == {"n": 0}


async def _claim(tx: Tx, order_id: UUID, *, reason: str, state: str = "reviewing") -> None:
    await tx.run(
        "INSERT INTO claims (platform_id, id, claim_no, order_id, line_no, channel, reason, state, currency,"
        " requested_minor, created_at, updated_at) VALUES (%(platform)s, %(id)s, %(no)s, %(order)s, 1, 'portal',"
        " %(reason)s, %(state)s, 'CNY', 100, %(now)s, %(now)s)",
        platform=tx.platform_id,
        id=uuid4(),
        no=f"RF{uuid4().hex[:12]}",
        order=order_id,
        reason=reason,
        state=state,
        now=tx.now,
    )
