"""The published versions of the platform's refund policy, for reading."""

from __future__ import annotations

from litestar import Response, get
from msgspec import Struct

from huiliu.policy.model import PublishedPolicy
from huiliu.policy.reads import list_policies
from huiliu.web.desk.desk import Desk, at_desk, desk_of
from huiliu.web.page import show
from huiliu.web.visit import FromVisit


class Version(Struct, frozen=True, kw_only=True):
    """One version; `standing` is now, later or '' for one that a later version replaced."""

    published: PublishedPolicy
    hash: str
    standing: str


class PoliciesPage(Struct, frozen=True, kw_only=True):
    """Every version, latest first."""

    desk: Desk
    versions: tuple[Version, ...]


@get("/{slug:str}/desk/policies")
async def policies(visit: FromVisit) -> Response[bytes]:
    """Which version is in force, which were, which will be."""
    at_desk(visit)
    async with visit.as_staff() as tx:
        found = await list_policies(tx)
    now = next((it.id for it in found if it.effective_from <= visit.now), None)
    versions = tuple(
        Version(
            published=it,
            hash=it.policy.content_hash.hex(),
            standing="now" if it.id == now else "later" if it.effective_from > visit.now else "",
        )
        for it in found
    )
    return show(visit, "desk/policies.html", PoliciesPage(desk=desk_of(visit, "policies"), versions=versions))


handlers = (policies,)
