"""The demonstration is furnished once, whole, by the real actions, and looks like a platform at work."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from huiliu.adapters.files import LocalFiles
from huiliu.claims.model import State
from huiliu.demo.cast import KAMEN, XIAOMAN, XINGKA, ZHOUMO
from huiliu.demo.load import load_demo
from huiliu.demo.rail_books import RAIL_PLAN, write_rail_books
from huiliu.journal.export import verify_live
from huiliu.kit.db import Pool, across_platforms, transaction
from huiliu.kit.keyring import Keyring
from huiliu.people.actor import system_actor
from huiliu.people.contacts import contact_hash
from huiliu.people.reads import active_staff, platform_by_slug
from huiliu.policy.drafts.checks import checks
from huiliu.policy.drafts.model import DraftState
from huiliu.policy.drafts.reads import list_drafts, load_draft
from huiliu.simulators.books import Books
from huiliu.simulators.sandbox import load_plan

AT_ONCE_SECONDS = 0.5
STATES_OF_KAMEN = set(State)


async def rows(pool: Pool, sql: str, slug: str = "kamen") -> list[tuple[object, ...]]:
    """What a statement finds on one platform."""
    platform = await platform_by_slug(pool, slug)
    async with transaction(pool, system_actor(platform.id)) as tx:
        cursor = await tx.connection.execute(sql.encode())
        return [tuple(row.values()) for row in await cursor.fetchall()]


async def snapshot(pool: Pool) -> list[tuple[object, ...]]:
    """Everything that a second start must not change."""
    return [
        *await rows(pool, "SELECT id, version, updated_at FROM claims ORDER BY id"),
        *await rows(pool, "SELECT id, version, updated_at FROM orders ORDER BY id"),
        *await rows(pool, "SELECT count(*), max(id) FROM journal"),
    ]


async def test_there_is_a_claim_in_every_state(loaded: Pool) -> None:
    found = Counter(state for (state,) in await rows(loaded, "SELECT state FROM claims"))
    assert set(found) == {state.value for state in STATES_OF_KAMEN}
    assert await rows(loaded, "SELECT count(*) FROM claims", "xingka") == [(2,)]


async def test_about_sixty_orders_are_as_fresh_as_if_made_today(loaded: Pool) -> None:
    counts = [(await rows(loaded, "SELECT count(*) FROM orders", slug))[0][0] for slug in ("kamen", "xingka")]
    assert counts == [58, 7]
    [(newest, oldest)] = await rows(loaded, "SELECT max(ordered_at), min(ordered_at) FROM orders")
    now = datetime.now(UTC)
    assert isinstance(newest, datetime)
    assert isinstance(oldest, datetime)
    assert timedelta(minutes=15) < now - newest < timedelta(minutes=30)
    assert timedelta(days=29) < now - oldest < timedelta(days=32)
    assert await rows(loaded, "SELECT count(*) FROM orders WHERE account_differs") == [(2,)]


async def test_every_open_clock_still_runs(loaded: Pool) -> None:
    assert await rows(loaded, "SELECT claim_no FROM claims WHERE due_at < now()") == []
    assert await rows(loaded, "SELECT claim_id FROM timers WHERE fired_at IS NULL AND due_at < now()") == []


async def test_a_second_start_changes_nothing_and_takes_no_time(loaded: Pool, keyring: Keyring, folder: Path) -> None:
    before = await snapshot(loaded)
    started = time.perf_counter()
    await load_demo(loaded, keyring, LocalFiles(folder, keyring))
    assert time.perf_counter() - started < AT_ONCE_SECONDS
    assert await snapshot(loaded) == before


async def test_the_journal_of_what_was_played_in_is_whole(loaded: Pool) -> None:
    async with across_platforms(loaded) as connection:
        verified = await verify_live(connection)
    assert verified.problems == []
    assert verified.rows > 150


async def test_nothing_happens_before_what_led_to_it(loaded: Pool) -> None:
    backwards = """
        SELECT a.id FROM journal a JOIN journal b ON b.stream = a.stream AND b.seq = a.seq + 1 WHERE b.at < a.at
    """
    assert await rows(loaded, backwards) == []
    assert await rows(loaded, "SELECT id FROM journal WHERE at > now()") == []


async def test_no_record_was_read_after_the_claim_that_leans_on_it(loaded: Pool) -> None:
    late = """
        SELECT o.order_no FROM usage_facts u
          JOIN orders o ON o.id = u.order_id JOIN claims c ON c.order_id = o.id
         WHERE u.observed_at > c.created_at OR u.observed_at < o.delivered_at
    """
    assert await rows(loaded, late) == []


async def test_nobody_used_more_days_than_have_passed(loaded: Pool) -> None:
    hurried = """
        SELECT o.order_no FROM usage_facts u JOIN orders o ON o.id = u.order_id
         WHERE u.unit = '天'
           AND u.units_used * interval '1 day' > u.observed_at - o.ordered_at + interval '1 day'
    """
    assert await rows(loaded, hurried) == []


async def test_everybody_has_a_password_and_an_authenticator_that_nobody_was_told(loaded: Pool) -> None:
    for stage in (KAMEN, XINGKA):
        found = await rows(loaded, "SELECT login, name, password_hash, totp_sealed FROM staff", stage.slug)
        assert {(login, name) for login, name, _, _ in found} == {(each.login, each.name) for each in stage.staff}
        assert all(str(hashed).startswith("$argon2id$") for _, _, hashed, _ in found)
        assert all(sealed is not None for _, _, _, sealed in found)
        assert len({hashed for _, _, hashed, _ in found}) == len(stage.staff)


async def test_zhoumo_has_orders_and_none_of_xiaomans(loaded: Pool, keyring: Keyring) -> None:
    platform = await platform_by_slug(loaded, "kamen")
    async with transaction(loaded, system_actor(platform.id)) as tx:
        owners = [
            await tx.value(
                "SELECT array_agg(order_no ORDER BY order_no) FROM orders WHERE contact_hash = %(hash)s",
                hash=contact_hash(keyring, platform.id, contact),
            )
            for contact in (XIAOMAN, ZHOUMO)
        ]
    mine, theirs = (set(each) for each in owners if isinstance(each, list))
    assert "KM20681001" in mine
    assert len(theirs) >= 5
    assert not mine & theirs


async def test_every_picture_that_a_claim_shows_can_be_read(loaded: Pool, keyring: Keyring, folder: Path) -> None:
    files = LocalFiles(folder, keyring)
    platform = await platform_by_slug(loaded, "kamen")
    shown = await rows(loaded, "SELECT DISTINCT sha256, width, height FROM evidence_files")
    assert len(shown) >= 10
    for digest, width, height in shown:
        assert isinstance(digest, bytes)
        assert (width, height) == (720, 1280)
        assert await files.read(platform.id, digest)


async def test_the_rails_books_say_what_ours_say(loaded: Pool, tmp_path: Path) -> None:
    path = tmp_path / "books.sqlite3"
    await write_rail_books(loaded, path)
    await write_rail_books(loaded, path)  # the second start
    ours: Counter[str] = Counter()
    for slug in ("kamen", "xingka"):
        sql = "SELECT state, amount_minor FROM payouts WHERE state IN ('verified', 'bounced')"
        for state, amount in await rows(loaded, sql, slug):
            assert isinstance(amount, int)
            ours[str(state)] += amount
    books = Books(path)
    try:
        totals = books.totals()
    finally:
        books.close()
    theirs = {line.state: line.amount_minor for line in totals.refunds}
    assert theirs == {"SUCCESS": ours["verified"], "BOUNCED": ours["bounced"]}
    assert totals.moved_minor == ours["verified"]


async def test_the_rail_misbehaves_only_on_orders_that_nothing_happened_to(loaded: Pool) -> None:
    planned = {rule.trade_no for rule in load_plan(RAIL_PLAN).rules}
    unclaimed = "SELECT rail_trade_no FROM orders o WHERE NOT EXISTS (SELECT 1 FROM claims c WHERE c.order_id = o.id)"
    assert len(planned) == 3
    assert planned <= {trade_no for (trade_no,) in await rows(loaded, unclaimed)}


async def test_money_on_orders_is_what_the_claims_took(loaded: Pool) -> None:
    wrong = """
        SELECT o.order_no FROM orders o LEFT JOIN LATERAL (
            SELECT coalesce(sum(p.amount_minor) FILTER (WHERE p.state = 'verified'), 0) AS refunded,
                   coalesce(sum(p.amount_minor) FILTER (WHERE p.state IN ('queued', 'held')), 0) AS reserved
              FROM payouts p WHERE p.order_id = o.id) p ON true
         WHERE (o.refunded_minor, o.reserved_minor) <> (p.refunded, p.reserved)
    """
    assert await rows(loaded, wrong) == []


async def test_one_policy_waits_for_the_arbitrator_and_another_is_half_written(loaded: Pool) -> None:
    platform = await platform_by_slug(loaded, "kamen")
    async with transaction(loaded, system_actor(platform.id)) as tx:
        arbitrator = await active_staff(tx, login="caiheng")
        author = await active_staff(tx, login="guanyan")
        found = {row.label: await load_draft(tx, arbitrator, row.id) for row in await list_drafts(tx, arbitrator)}

        assert {label: draft.state for label, draft in found.items()} == {
            "4": DraftState.PROPOSED,
            "5": DraftState.DRAFT,
        }
        assert found["4"].may_approve(arbitrator.id)
        assert not found["4"].may_approve(author.id)
        assert checks(found["4"].source).may_be_proposed
        assert [result.case.name for result in checks(found["5"].source).failing] == ["两小时、没用、只有声明"]
