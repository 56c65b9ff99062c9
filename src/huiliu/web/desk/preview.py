"""What the buyer will read, before anything is sent.

The decision is really carried out, the claim read as its buyer reads it, and everything rolled back: so the preview
cannot differ from what is read afterwards, and whatever would refuse the decision refuses the preview.
"""

from __future__ import annotations

from dataclasses import replace

from markupsafe import Markup
from msgspec import Struct

from huiliu.claims.actions import confirm
from huiliu.claims.model import State
from huiliu.claims.page import ClaimPage, claim_page
from huiliu.journal.reads import Event
from huiliu.kit.db import Tx
from huiliu.kit.ids import new_id
from huiliu.kit.text import Lang, say
from huiliu.people.actor import actor_of
from huiliu.people.model import Buyer, Role, Staff
from huiliu.web.buyer.claim_view import ClaimView, claim_view
from huiliu.web.buyer.timeline import TimelineLine, timeline_lines
from huiliu.web.desk.draft import Draft, perform
from huiliu.web.page import Frame, render
from huiliu.web.visit import Visit


class Rehearsal(Struct, frozen=True, kw_only=True):
    """The claim as its buyer reads it afterwards; `confirmed` is what they read once a second person has agreed."""

    before: ClaimPage
    after: ClaimPage
    confirmed: ClaimPage | None

    @property
    def needs_two(self) -> bool:
        """Whether a second person must confirm first."""
        return self.after.claim.state is State.CONFIRMING


class ToldPage(Struct, frozen=True, kw_only=True):
    """The buyer's page as far as a decision changes it."""

    view: ClaimView
    lines: tuple[TimelineLine, ...]


class _Undone(Exception):
    """Ends a rehearsal: everything is rolled back."""


async def rehearse(visit: Visit, staff: Staff, claim_no: str, draft: Draft) -> Rehearsal:
    """Carry a decision out, read it as the buyer does, and take it back. Raises what the decision itself would raise."""
    found: list[Rehearsal] = []
    try:
        async with visit.as_staff() as tx:
            found.append(await _rehearse(tx, staff, claim_no, draft))
            raise _Undone
    except _Undone:
        return found[0]


def told(visit: Visit, lang: Lang, page: ClaimPage, *, since: int) -> Markup:
    """The buyer's page in a language, from the very parts that the buyer's page is made of."""
    shown = ToldPage(view=claim_view(lang, page, visit.now), lines=timeline_lines(lang, _news(page.timeline, since)))
    return Markup(render("desk/told.html", shown, _frame(visit, lang)))  # noqa: S704  a rendered template, escaped there


async def _rehearse(tx: Tx, staff: Staff, claim_no: str, draft: Draft) -> Rehearsal:
    before = await claim_page(tx, staff, claim_no)
    claim = before.claim
    buyer = Buyer(platform_id=tx.platform_id, contact_hash=claim.contact_hash, order_ids=(claim.order_id,))
    await perform(tx, staff, claim_no, draft)
    after = await claim_page(tx, buyer, claim_no)
    confirmed = None
    if after.claim.state is State.CONFIRMING:
        second = Staff(
            id=new_id(),
            platform_id=tx.platform_id,
            login="second",
            name=say(draft.read or Lang.ZH, "desk.preview.second"),
            roles=frozenset({Role.REVIEWER, Role.ARBITRATOR}),
        )
        await confirm(replace(tx, actor=actor_of(second)), second, claim_no, version=after.claim.version)
        confirmed = await claim_page(tx, buyer, claim_no)
    # What is checked at the end of a transaction is checked now: the rollback would skip it.
    await tx.connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return Rehearsal(before=before, after=after, confirmed=confirmed)


def _news(events: list[Event], since: int) -> list[Event]:
    """The new lines. A payout's own are left out: their numbers are not given yet."""
    return [event for event in events if event.seq > since and event.kind.startswith("claim.")]


def _frame(visit: Visit, lang: Lang) -> Frame:
    platform = visit.platform
    return Frame(
        lang=lang,
        now=visit.now,
        here="",
        other_lang_url="",
        form_token="",
        demo=False,
        platform_name=platform.name if lang is Lang.ZH else platform.name_en,
        home=f"/{platform.slug}",
        buyer_name="",
        buyer_has_contact=False,
        staff_name="",
        in_desk=False,
    )
