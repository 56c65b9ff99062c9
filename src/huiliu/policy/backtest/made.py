"""Made claims, as many as one likes, to try a policy, a reader or a clock on. The same seed makes the same claims."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from huiliu.policy.backtest.columns import ClaimColumns
from huiliu.policy.backtest.frame import Frame, Layout
from huiliu.policy.backtest.rows import write_frame
from huiliu.policy.batch.codes import Ints
from huiliu.policy.model import DAY_SECONDS, Outcome
from huiliu.policy.words import EVIDENCE, VALUES

MADE_MAX = 100_000_000
PRODUCTS = ("", "点卡", "月卡", "季卡", "年卡")
UNITS = ("", "day", "level")
AGES = (30 * 60, 6 * 3_600, 3 * DAY_SECONDS, 60 * DAY_SECONDS)
"""Claims come within minutes, hours, days or weeks of the order, a quarter each."""
AMOUNT_MOST = 300_000
FEE_PART = 200
"""The payment fee is this part of what was paid."""


def made_claims(count: int, seed: int) -> ClaimColumns:
    """Made claims as columns."""
    frame, layout = made_frame(count, seed)
    return Frame(frame, layout).claims(lambda rows: [f"M{row}" for row in rows])


def write_made_claims(path: Path, count: int, seed: int) -> None:
    """Made claims as a file in the layout that is read fastest."""
    frame, layout = made_frame(count, seed)
    write_frame(path, frame, layout)


def made_frame(count: int, seed: int) -> tuple[pl.DataFrame, Layout]:
    """Made claims as the table that a file holds."""
    assert 0 < count <= MADE_MAX, "as many as fit memory"
    random = np.random.default_rng(seed)
    words: dict[str, list[str]] = {
        "reason": ["", *VALUES["退款原因"].values()],
        "product_kind": ["", *VALUES["商品类型"].values()],
        "usage": ["", *VALUES["使用情况"].values()],
        "delivery_state": ["", *VALUES["交付状态"].values()],
        "product": list(PRODUCTS),
        "unit": list(UNITS),
        "decided": ["", *(outcome.value for outcome in Outcome)],
    }
    paid = np.exp(random.normal(8.5, 1.2, count)).clip(1, AMOUNT_MOST).astype(np.int32)
    total = random.integers(1, 100, count, dtype=np.int32)
    taken = np.where(random.random(count) < 0.03, paid // 3, 0).astype(np.int32)
    decided = random.integers(0, len(words["decided"]), count, dtype=np.uint8)
    frame = pl.DataFrame(
        {
            "claim_no": pl.Series(np.arange(count)),
            "reason": _drawn(random, count, words["reason"], unknown=0.0),
            "product_kind": _drawn(random, count, words["product_kind"], unknown=0.0),
            "age_seconds": (random.random(count) * np.array(AGES).take(random.integers(0, 4, count))).astype(np.int32),
            "usage": _drawn(random, count, words["usage"], unknown=0.2),
            "usage_proven": (random.random(count) < 0.4).astype(np.uint8),
            "amount_minor": paid,
            "forged_before": (random.random(count) < 0.01).astype(np.uint8),
            "delivery_state": _drawn(random, count, words["delivery_state"], unknown=0.1),
            "product": _drawn(random, count, words["product"], unknown=0.2),
            "exception_confirmed": random.integers(0, 3, count, dtype=np.uint8),
            "evidence": random.integers(0, 1 << len(EVIDENCE), count, dtype=np.uint16),
            "paid_minor": paid,
            "fee_minor": paid // FEE_PART,
            "taken_minor": taken,
            "units_total": total,
            "units_used": (random.random(count) * (total + 1)).astype(np.int32),
            "unit": _drawn(random, count, words["unit"], unknown=0.1),
            "decided": decided,
            "decided_minor": np.where(decided == 1, paid, np.where(decided == 2, paid // 2, 0)).astype(np.int32),
        }
    )
    return frame, Layout(words=words, evidence=list(EVIDENCE.values()))


def _drawn(random: np.random.Generator, count: int, words: list[str], *, unknown: float) -> Ints:
    codes = random.integers(1, len(words), count, dtype=np.uint8)
    return codes if not unknown else np.where(random.random(count) < unknown, 0, codes).astype(np.uint8)
