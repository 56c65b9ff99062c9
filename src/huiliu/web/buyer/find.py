"""Finding one's orders: an order number with its secret, or a contact with a one-time code."""

from __future__ import annotations

from litestar import Response, get
from msgspec import Struct

from huiliu.web.page import Notice, show
from huiliu.web.visit import Visit


class FindPage(Struct, frozen=True, kw_only=True):
    """The portal: by order number, or by contact and code."""

    way: str
    """order, contact or code."""
    next: str = ""
    next_query: str = ""
    order_no: str = ""
    contact: str = ""
    contact_masked: str = ""
    demo_code: str = ""
    notice: Notice | None = None
    wrong: str = ""


@get("/{slug:str}/")
async def portal(visit: Visit) -> Response[bytes]:
    """Find an order."""
    return show(visit, "buyer/find.html", FindPage(way="order"))


handlers = [portal]
