"""The versions of the platform's refund policy: published ones for reading, drafts for whoever works on them."""

from __future__ import annotations

from uuid import UUID

from litestar import Response, get
from msgspec import Struct

from huiliu.people.model import Permission
from huiliu.policy.drafts.reads import DRAFTS_PAGE_MAX, DraftListRow, list_drafts
from huiliu.policy.model import PublishedPolicy
from huiliu.policy.reads import list_policies
from huiliu.policy.wording import policy_name
from huiliu.web.desk.desk import Desk, at_desk, desk_of
from huiliu.web.page import show
from huiliu.web.visit import FromVisit


class Version(Struct, frozen=True, kw_only=True):
    """One version; `standing` is now, later or '' for one that a later version replaced."""

    published: PublishedPolicy
    name: str
    hash: str
    standing: str


class PoliciesPage(Struct, frozen=True, kw_only=True):
    """Every version, latest first, and the open drafts."""

    desk: Desk
    versions: tuple[Version, ...]
    drafts: tuple[DraftListRow, ...]
    may_write: bool
    sees_drafts: bool
    me: UUID
    names: dict[str, str]
    """What a policy of a name is called in the reader's language, as far as some version says."""


@get("/{slug:str}/desk/policies")
async def policies(visit: FromVisit) -> Response[bytes]:
    """Which version is in force, which were, which will be."""
    staff = at_desk(visit)
    may_write = staff.may(Permission.PUBLISH_POLICY)
    sees_drafts = may_write or staff.may(Permission.APPROVE_POLICY)
    async with visit.as_staff() as tx:
        found = await list_policies(tx)
        drafts = await list_drafts(tx, staff) if sees_drafts else []
    now = next((it.id for it in found if it.effective_from <= visit.now), None)
    versions = tuple(
        Version(
            published=it,
            name=policy_name(visit.lang, it.policy),
            hash=it.policy.content_hash.hex(),
            standing="now" if it.id == now else "later" if it.effective_from > visit.now else "",
        )
        for it in found
    )
    page = PoliciesPage(
        desk=desk_of(visit, "policies"),
        versions=versions,
        drafts=tuple(drafts[:DRAFTS_PAGE_MAX]),
        may_write=may_write,
        sees_drafts=sees_drafts,
        me=staff.id,
        names={it.published.name: it.name for it in versions},
    )
    return show(visit, "desk/policies.html", page)


handlers = (policies,)
