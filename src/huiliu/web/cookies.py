"""What our cookies are called. Over HTTPS they are the host's own: no neighbouring subdomain can plant or replace one."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from litestar import Request
from litestar.datastructures import State

if TYPE_CHECKING:
    from huiliu.web.visit import House

HttpRequest: TypeAlias = Request[None, None, State]

HOST_ONLY = "__Host-"
"""A browser takes such a cookie only from this very host, with Secure, for the path / and without a domain."""


def cookie_name(house: House, name: str) -> str:
    """The name that a cookie goes by here."""
    return HOST_ONLY + name if house.settings.secure_cookies else name


def sent_cookie(request: HttpRequest, name: str) -> str:
    """What the browser sent under that name, or ''."""
    house: House = request.app.state["house"]
    return request.cookies.get(cookie_name(house, name), "")
