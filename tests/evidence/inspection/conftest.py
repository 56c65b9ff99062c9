"""Models and opener, loaded once for the tests of the whole look at a picture."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import pytest
from PIL import Image

from huiliu.evidence.gate.pixels import Opener
from huiliu.evidence.inspection.model import Expected
from huiliu.evidence.inspection.pipeline import Inspector
from huiliu.evidence.reading.reader import Reader
from tests.evidence.checks.made import at
from tests.evidence.reading.pages import TRADE_NO

TRUE = Expected(
    order_no="KM20261120140300123456",
    amount="128.00",
    trade_no=TRADE_NO,
    paid_at=at("2026-11-20 14:03:22"),
    status="支付成功",
    payee="卡门数字科技有限公司",
    uploaded_at=at("2026-11-20 14:30:00"),
)
"""What is on record of the drawn bill."""


@pytest.fixture(scope="session")
def inspector() -> Iterator[Inspector]:
    """Without an atlas."""
    with Opener() as opener:
        yield Inspector(Reader.load(threads=2), None, opener)


def png(page: Image.Image) -> bytes:
    """A page as an uploaded file."""
    out = BytesIO()
    page.save(out, "PNG")
    return out.getvalue()
