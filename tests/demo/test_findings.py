"""The demonstration's evidence: read by the real inspection, and what people then did about it through the real actions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from huiliu.adapters.files import LocalFiles
from huiliu.demo import pictures
from huiliu.demo.findings import play_findings
from huiliu.demo.own_pictures import write_own_pictures
from huiliu.demo.pictures import draw, font_of
from huiliu.demo.shots import kamen_shots
from huiliu.evidence.inspection.model import StatusCode
from huiliu.evidence.verification.lane import Lane
from huiliu.evidence.verification.near_book import NearBook
from huiliu.evidence.verification.payments import Answer, NotOurs, Paid
from huiliu.kit.db import Pool, transaction
from huiliu.kit.keyring import Keyring
from huiliu.kit.money import Money
from huiliu.people.actor import system_actor
from huiliu.people.reads import platform_by_slug
from huiliu.worker.inspections import Room, run_once

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
ROUNDS_MAX = 60
needs_font = pytest.mark.skipif(
    not any(Path(path).is_file() for path in pictures.FONTS), reason="no font with Chinese characters"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """What the order says that was paid."""

    rail_trade_no: str
    paid_minor: int
    paid_at: datetime


class Books:
    """A rail that knows the payments of the demonstration's orders and no others."""

    def __init__(self, payments: list[Payment]) -> None:
        self._payments = {each.rail_trade_no: each for each in payments}

    async def payment(self, trade_no: str) -> Answer:
        """As the sandbox answers."""
        paid = self._payments.get(trade_no)
        if paid is None:
            return NotOurs()
        amount = Money(paid.paid_minor, "CNY")
        return Paid(trade_no=trade_no, amount=amount, paid_at=paid.paid_at, status=StatusCode.PAID)


async def rows(pool: Pool, sql: str) -> set[tuple[object, ...]]:
    """What a statement finds at 卡门."""
    platform = await platform_by_slug(pool, "kamen")
    async with transaction(pool, system_actor(platform.id)) as tx:
        cursor = await tx.connection.execute(sql.encode())
        return {tuple(row.values()) for row in await cursor.fetchall()}


async def play(pool: Pool, keyring: Keyring, *, looks: int) -> None:
    """As the demonstration does, but stopped after so many looks."""
    left = iter(range(looks))
    await play_findings(pool, keyring, is_over=lambda: next(left, None) is None)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def inspected(loaded: Pool, keyring: Keyring, folder: Path) -> Pool:
    """Every picture looked at; the endings were asked for before that, when nothing could be said."""
    await play(loaded, keyring, looks=1)
    assert await rows(loaded, "SELECT id FROM evidence_suspicions") == set()
    platform = await platform_by_slug(loaded, "kamen")
    async with transaction(loaded, system_actor(platform.id)) as tx:
        sql = "SELECT rail_trade_no, paid_minor, paid_at FROM orders WHERE platform_id = %(id)s AND paid_at IS NOT NULL LIMIT 99"
        books = Books(await tx.all(Payment, sql, id=platform.id))
    room = Room(
        pool=loaded,
        files=LocalFiles(folder, keyring),
        keyring=keyring,
        lanes=[Lane(), Lane()],
        near=NearBook(loaded),
        queries={"wechatpay": books, "alipay": books, "sandbox": books},
        atlas_root=folder,
    )
    try:
        for _ in range(ROUNDS_MAX):
            if not await run_once(room):
                break
    finally:
        for lane in room.lanes:
            await lane.close()
    await play(loaded, keyring, looks=2)
    return loaded


@needs_font
async def test_each_picture_says_what_it_was_drawn_to_say(inspected: Pool) -> None:
    found = await rows(
        inspected,
        """
        SELECT o.order_no, i.verdict FROM evidence_inspections i
          JOIN evidence_files f ON f.id = i.file_id JOIN claims c ON c.id = f.claim_id JOIN orders o ON o.id = c.order_id
         WHERE f.slot = 'paid_shot'
        """,
    )
    assert found == {
        *((f"KM{no}", "consistent") for no in (20681007, 20683001, 20683003, 20683004, 20683008, 20683009, 20683012)),
        *((f"KM{no}", "contradicted") for no in (20685001, 20685002, 20685003, 20685004)),
        ("KM20683007", "retake"),
        ("KM20685005", "consistent"),
    }


@needs_font
async def test_one_finding_waits_for_another_person_one_is_appealed_and_one_was_undone(inspected: Pool) -> None:
    sql = """
        SELECT o.order_no, s.state, s.level, r.state FROM evidence_suspicions s JOIN claims c ON c.id = s.claim_id
          JOIN orders o ON o.id = c.order_id LEFT JOIN restrictions r ON r.suspicion_id = s.id
    """
    assert len(await rows(inspected, "SELECT id FROM evidence_suspicions")) == 3
    found = await rows(inspected, sql.replace("r.state FROM", "r.state AS restriction FROM"))
    assert found == {
        ("KM20685001", "proposed", "no_instant", None),
        ("KM20685002", "confirmed", "code_only", "appealed"),
        ("KM20685004", "lifted", "warning", "lifted"),
    }


@needs_font
async def test_a_second_start_tells_nothing_twice_and_wants_no_second_atlas(inspected: Pool, keyring: Keyring) -> None:
    await play(inspected, keyring, looks=2)
    assert len(await rows(inspected, "SELECT id FROM evidence_suspicions")) == 3
    assert await rows(inspected, "SELECT version, wanted_by FROM evidence_atlases") == {(1, "管砚")}
    assert len(await rows(inspected, "SELECT file_id FROM evidence_atlas_samples")) >= 12


def test_the_same_moment_draws_the_same_pictures() -> None:
    once, again = ([draw(shot) for each in kamen_shots(NOW).values() for shot in each.values()] for _ in range(2))
    assert once == again
    assert len(set(once)) > 20


def test_without_a_chinese_font_pictures_are_still_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    bill = kamen_shots(NOW)["20685001"]["paid_shot"]
    written = draw(bill)
    monkeypatch.setattr(pictures, "FONTS", ())
    font_of.cache_clear()
    try:
        assert draw(bill) != written
    finally:
        font_of.cache_clear()


async def test_xiaoman_has_pictures_to_hand_in(loaded: Pool, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    await write_own_pictures(loaded, folder)
    names = {path.stem for path in folder.iterdir()}
    assert {"1-honest-bill", "2-amount-changed", "3-blurred", "4-foreign-payment", "6-identity-card"} <= names
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    await write_own_pictures(loaded, folder)
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
