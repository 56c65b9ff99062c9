"""Orders as JSON: one bad item refuses only itself."""

import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huiliu.kit.db import Tx
from huiliu.kit.keyring import Keyring
from huiliu.orders.actions import import_orders
from huiliu.orders.model import IMPORT_BATCH_MAX, BatchTooLarge, BodyUnreadable, Precision
from huiliu.orders.wire import parse_orders
from tests.conftest import NOW


def item(**over: object) -> dict[str, object]:
    """One sound order."""
    made: dict[str, object] = {
        "order_no": "API-1",
        "rail": "alipay",
        "paid_minor": 1234,
        "ordered_at": "2026-11-20T08:00:00+08:00",
        "delivery_state": "delivered",
        "lines": [{"title": "点券", "kind": "topup", "usage": {"state": "unused"}}],
    }
    return made | over


def body(*items: object) -> bytes:
    """A request's body."""
    return json.dumps({"orders": items}).encode()


async def test_an_order_in_json_can_be_imported(tx: Tx, keyring: Keyring) -> None:
    drafts, problems = parse_orders(body(item(), item(order_no="API-2", ordered_at="2026-11-20")))
    assert problems == []
    assert drafts[1].ordered_precision is Precision.DAY
    result = await import_orders(tx, keyring, drafts)
    assert [one.order_no for one in result.created] == ["API-1", "API-2"]


def test_each_bad_item_is_named_by_place_field_and_reason() -> None:
    _, problems = parse_orders(
        body(
            item(),
            item(paid_minor="12.34"),
            item(paid_minor=12.5),
            item(rail="cash"),
            item(ordered_at="yesterday"),
            item(lines=[{"title": "点券", "kind": "topup", "quantity": "1"}]),
            item(lines=[{"title": "a", "kind": "card"}, {"title": "b", "kind": "card"}]),
            item(surprise=1),
            "not an order",
            None,
            {},
        )
    )
    assert [(problem.row, problem.column, problem.reason_code) for problem in problems] == [
        (2, "paid", "wrong_type"),
        (3, "paid", "wrong_type"),
        (4, "rail", "wrong_type"),
        (5, "ordered_at", "time_unreadable"),
        (6, "quantity", "wrong_type"),
        (7, "line_paid", "missing"),
        (8, "", "wrong_type"),
        (9, "", "wrong_type"),
        (10, "", "wrong_type"),
        (11, "", "wrong_type"),
    ]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b'{"orders": 1}',
        b'{"orders": [',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"orders":[\xff]}',
        b'{"orders":[{"a":"\\ud800"}]}',
    ],
)
def test_a_body_that_is_no_list_of_orders_is_refused(raw: bytes) -> None:
    with pytest.raises(BodyUnreadable):
        parse_orders(raw)


def test_more_than_a_batch_is_refused() -> None:
    with pytest.raises(BatchTooLarge):
        parse_orders(b'{"orders":[' + b",".join([b"1"] * (IMPORT_BATCH_MAX + 1)) + b"]}")


async def test_extreme_values_are_refused_and_never_break_the_import(tx: Tx, keyring: Keyring) -> None:
    line = {"title": "点券", "kind": "topup", "paid_minor": 1234}
    drafts, problems = parse_orders(
        body(
            item(paid_minor=10**40),
            item(order_no="2", fee_minor=-(10**40)),
            item(order_no="3", ordered_at="9999-12-31T23:59:59-12:00", ordered_precision="not_after"),
            item(order_no="4", paid_at="9999-12-31"),
            item(order_no="5", ordered_at="0001-01-01T00:00:00+12:00"),
            item(order_no="6", lines=[line | {"line_no": 10**30}]),
            item(order_no="7", lines=[line | {"quantity": 10**30}]),
            item(
                order_no="8", lines=[line | {"usage": {"state": "used", "units_total": 10**30, "units_used": 10**30}}]
            ),
            item(order_no="9" * 65),
            item(order_no="订单"),
            item(order_no="11", delivery_note="a\x00b"),
            item(order_no="12", lines=[line | {"promise": "长" * 4001}]),
            item(order_no="13", lines=[]),
            item(order_no="14", currency="cny"),
            item(order_no="15", paid_at=str(NOW + timedelta(days=1))),
        )
    )
    result = await import_orders(tx, keyring, drafts)
    assert result.created == ()
    assert {problem.row for problem in [*problems, *result.rejected]} == set(range(1, 16))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(item())), JSON)
def test_no_value_of_any_field_breaks_the_parser(field: str, value: object) -> None:
    drafts, problems = parse_orders(body(item(**{field: value})))
    assert len(drafts) + len(problems) == 1
