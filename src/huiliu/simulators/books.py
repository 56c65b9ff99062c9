"""The rail's own books, in SQLite: what was paid in, what was refunded, and every movement of money, once each."""

from __future__ import annotations

import sqlite3
from enum import StrEnum
from pathlib import Path

import msgspec

LIST_MAX = 1_000
OPEN_BOOKS_PREFIX = "SB"

SCHEMA = """
CREATE TABLE IF NOT EXISTS payments (
    trade_no TEXT PRIMARY KEY, amount_minor INTEGER NOT NULL CHECK (amount_minor > 0), currency TEXT NOT NULL,
    paid_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS refunds (
    refund_no TEXT PRIMARY KEY, rail_refund_no TEXT NOT NULL UNIQUE, trade_no TEXT NOT NULL REFERENCES payments,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0), currency TEXT NOT NULL, state TEXT NOT NULL,
    fail_code TEXT NOT NULL DEFAULT '', notify_url TEXT NOT NULL DEFAULT '', notify_times INTEGER NOT NULL DEFAULT 1,
    created_at REAL NOT NULL, done_at REAL);
CREATE INDEX IF NOT EXISTS refunds_trade ON refunds (trade_no);
CREATE TABLE IF NOT EXISTS moves (
    id INTEGER PRIMARY KEY, refund_no TEXT NOT NULL REFERENCES refunds, amount_minor INTEGER NOT NULL, at REAL NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('out', 'back')), UNIQUE (refund_no, kind));
CREATE TABLE IF NOT EXISTS agenda (refund_no TEXT NOT NULL, at REAL NOT NULL, becomes TEXT NOT NULL, fail_code TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (refund_no, becomes));
CREATE INDEX IF NOT EXISTS agenda_at ON agenda (at);
CREATE TABLE IF NOT EXISTS outbox (
    id TEXT NOT NULL, copy INTEGER NOT NULL, url TEXT NOT NULL, body BLOB NOT NULL, next_at REAL NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (id, copy));
"""


class RefundState(StrEnum):
    """A refund in the rail's words."""

    PROCESSING = "PROCESSING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    BOUNCED = "BOUNCED"


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """One refund as booked."""

    refund_no: str
    rail_refund_no: str
    trade_no: str
    amount_minor: int
    currency: str
    state: RefundState
    fail_code: str
    notify_url: str
    notify_times: int
    created_at: float
    done_at: float | None


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """One payment as booked, with what went back of it so far."""

    trade_no: str
    amount_minor: int
    currency: str
    paid_at: float
    refunded_minor: int


class Appointment(msgspec.Struct, frozen=True, kw_only=True):
    """A change that a refund will undergo later."""

    refund_no: str
    becomes: RefundState
    fail_code: str


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """One notification still to be delivered."""

    id: str
    copy: int
    url: str
    body: bytes
    next_at: float
    tries: int


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """How many refunds of one state there are and what they come to."""

    state: str
    currency: str
    count: int
    amount_minor: int


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """The books in a few numbers. `moved_minor` is what really left: money out less money back."""

    payments: int
    paid_minor: int
    refunds: tuple[Line, ...]
    moved_minor: int


class Refused(Exception):
    """The rail says no."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


class Books:
    """Every method is one transaction; the database file survives the process."""

    def __init__(self, path: Path | str) -> None:
        # NORMAL: what is committed survives the death of the process, which is all a simulator promises.
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;" + SCHEMA
        )

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def pay_in(self, *, trade_no: str, amount_minor: int, currency: str, at: float) -> None:
        """A buyer's payment; the same one again changes nothing. Raises Refused for another amount."""
        self._db.execute("INSERT OR IGNORE INTO payments VALUES (?, ?, ?, ?)", (trade_no, amount_minor, currency, at))
        row = self._db.execute("SELECT amount_minor, currency FROM payments WHERE trade_no = ?", (trade_no,)).fetchone()
        if tuple(row) != (amount_minor, currency):
            raise Refused(409, "TRADE_EXISTS", "this trade number was paid with another amount")

    def payment(self, trade_no: str) -> Payment | None:
        """The payment under this number, if the rail has it."""
        row = self._db.execute(
            "SELECT p.*, (SELECT coalesce(sum(r.amount_minor), 0) FROM refunds r WHERE r.trade_no = p.trade_no"
            " AND r.state = 'SUCCESS') AS refunded_minor FROM payments p WHERE p.trade_no = ?",
            (trade_no,),
        ).fetchone()
        return None if row is None else msgspec.convert(dict(row), Payment)

    def book(
        self,
        *,
        refund_no: str,
        trade_no: str,
        amount_minor: int,
        currency: str,
        at: float,
        notify_url: str = "",
        notify_times: int = 1,
    ) -> tuple[Refund, bool]:
        """Take a refund on: (the refund, whether it is new). The same number and amount replays; raises Refused."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            known = self.find(refund_no)
            if known is not None:
                if (known.trade_no, known.amount_minor, known.currency) != (trade_no, amount_minor, currency):
                    raise Refused(409, "DISCORDANT_REPEAT_REQUEST", "this refund number stands for another refund")
                return known, False
            self._check_payment(trade_no, amount_minor, currency)
            number = self._db.execute("SELECT count(*) FROM refunds").fetchone()[0] + 1
            self._db.execute(
                "INSERT INTO refunds (refund_no, rail_refund_no, trade_no, amount_minor, currency, state, notify_url,"
                " notify_times, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    refund_no,
                    f"50{number:012d}",
                    trade_no,
                    amount_minor,
                    currency,
                    RefundState.PROCESSING,
                    notify_url,
                    notify_times,
                    at,
                ),
            )
        return self._must_find(refund_no), True

    def _check_payment(self, trade_no: str, amount_minor: int, currency: str) -> None:
        payment = self._db.execute("SELECT * FROM payments WHERE trade_no = ?", (trade_no,)).fetchone()
        if payment is None:
            raise Refused(404, "TRADE_NOT_EXIST", "no payment has this number")
        if payment["currency"] != currency or amount_minor <= 0:
            raise Refused(400, "PARAM_ERROR", "currency or amount is wrong")
        taken = self._db.execute(
            "SELECT coalesce(sum(amount_minor), 0) FROM refunds WHERE trade_no = ? AND state IN ('PROCESSING', 'SUCCESS')",
            (trade_no,),
        ).fetchone()[0]
        if taken + amount_minor > payment["amount_minor"]:
            raise Refused(400, "REFUND_AMT_EXCEEDS", "more would be refunded than was paid")

    def become(self, refund_no: str, state: RefundState, *, at: float, fail_code: str = "") -> Refund | None:
        """Finish or bounce a refund; money moves here and nowhere else. None when it is not in a state to."""
        was = RefundState.SUCCESS if state is RefundState.BOUNCED else RefundState.PROCESSING
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            changed = self._db.execute(
                "UPDATE refunds SET state = ?, done_at = ?, fail_code = ? WHERE refund_no = ? AND state = ?",
                (state, at, fail_code, refund_no, was),
            ).rowcount
            if changed != 1:
                return None
            if state in (RefundState.SUCCESS, RefundState.BOUNCED):
                kind, sign = ("out", 1) if state is RefundState.SUCCESS else ("back", -1)
                self._db.execute(
                    "INSERT INTO moves (refund_no, amount_minor, at, kind)"
                    " SELECT refund_no, ? * amount_minor, ?, ? FROM refunds WHERE refund_no = ?",
                    (sign, at, kind, refund_no),
                )
        return self._must_find(refund_no)

    def find(self, refund_no: str) -> Refund | None:
        """The refund under this number, if the rail has it."""
        row = self._db.execute("SELECT * FROM refunds WHERE refund_no = ?", (refund_no,)).fetchone()
        return None if row is None else msgspec.convert(dict(row), Refund)

    def schedule(self, refund_no: str, becomes: RefundState, *, at: float, fail_code: str = "") -> None:
        """Remember to change a refund later, also across a restart."""
        self._db.execute("INSERT OR IGNORE INTO agenda VALUES (?, ?, ?, ?)", (refund_no, at, becomes, fail_code))

    def due(self, now: float) -> list[Appointment]:
        """What was to happen by now, in order."""
        rows = self._db.execute(
            "SELECT refund_no, becomes, fail_code FROM agenda WHERE at <= ? ORDER BY at, rowid LIMIT ?", (now, LIST_MAX)
        )
        return [msgspec.convert(dict(row), Appointment) for row in rows.fetchall()]

    def strike_off(self, appointment: Appointment) -> None:
        """It has happened."""
        self._db.execute(
            "DELETE FROM agenda WHERE refund_no = ? AND becomes = ?", (appointment.refund_no, appointment.becomes)
        )

    def resume(self, now: float) -> None:
        """After a start: what was being worked on when the process died is finished first thing."""
        self._db.execute(
            "INSERT OR IGNORE INTO agenda (refund_no, at, becomes) SELECT refund_no, ?, 'SUCCESS' FROM refunds r"
            " WHERE state = 'PROCESSING' AND NOT EXISTS (SELECT 1 FROM agenda a WHERE a.refund_no = r.refund_no)",
            (now,),
        )

    def post(self, letter: Letter) -> None:
        """Put a notification into the outbox."""
        self._db.execute(
            "INSERT OR IGNORE INTO outbox (id, copy, url, body, next_at) VALUES (?, ?, ?, ?, ?)",
            (letter.id, letter.copy, letter.url, letter.body, letter.next_at),
        )

    def letters(self, now: float) -> list[Letter]:
        """Notifications to be tried now."""
        rows = self._db.execute("SELECT * FROM outbox WHERE next_at <= ? ORDER BY next_at, id, copy LIMIT 20", (now,))
        return [msgspec.convert(dict(row), Letter) for row in rows.fetchall()]

    def delivered(self, letter: Letter) -> None:
        """The merchant has taken it, or will never."""
        self._db.execute("DELETE FROM outbox WHERE id = ? AND copy = ?", (letter.id, letter.copy))

    def postpone(self, letter: Letter, *, next_at: float) -> None:
        """Try a notification again later."""
        self._db.execute(
            "UPDATE outbox SET tries = tries + 1, next_at = ? WHERE id = ? AND copy = ?",
            (next_at, letter.id, letter.copy),
        )

    def refunds(self, *, after: str, limit: int) -> list[Refund]:
        """The refunds in the rail's order, for a comparison line by line; `after` is the last rail_refund_no seen."""
        rows = self._db.execute(
            "SELECT * FROM refunds WHERE rail_refund_no > ? ORDER BY rail_refund_no LIMIT ?",
            (after, min(limit, LIST_MAX)),
        )
        return [msgspec.convert(dict(row), Refund) for row in rows.fetchall()]

    def totals(self) -> Totals:
        """The books in a few numbers."""
        payments = self._db.execute("SELECT count(*), coalesce(sum(amount_minor), 0) FROM payments").fetchone()
        lines = self._db.execute(
            "SELECT state, currency, count(*) AS count, sum(amount_minor) AS amount_minor FROM refunds"
            " GROUP BY state, currency ORDER BY state, currency"
        ).fetchall()
        moved = self._db.execute("SELECT coalesce(sum(amount_minor), 0) FROM moves").fetchone()[0]
        return Totals(
            payments=int(payments[0]),
            paid_minor=int(payments[1]),
            refunds=tuple(msgspec.convert(dict(line), Line) for line in lines),
            moved_minor=int(moved),
        )

    def _must_find(self, refund_no: str) -> Refund:
        refund = self.find(refund_no)
        assert refund is not None
        return refund
