"""Drafts for the screens of whoever writes or approves policies; nobody else reads a word of them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from huiliu.kit.db import Tx
from huiliu.kit.errors import NotAllowed, NotFound
from huiliu.people.model import Permission, Staff, Viewer
from huiliu.policy.drafts.model import SAVES_KEPT_MAX, Draft, DraftState, Save

DRAFTS_PAGE_MAX = 50


class DraftListRow(msgspec.Struct, frozen=True, kw_only=True):
    """A draft in a list, without its text."""

    id: UUID
    state: DraftState
    version: int
    label: str
    name: str
    base_policy_id: UUID | None
    base_label: str | None
    effective_from: datetime | None
    created_by_name: str
    edited_by: UUID
    edited_by_name: str
    edited_at: datetime
    proposed_by: UUID | None
    proposed_by_name: str
    proposed_at: datetime | None
    approved_by_name: str
    published_policy_id: UUID | None


class KeptText(msgspec.Struct, frozen=True, kw_only=True):
    """One kept text."""

    save_no: int
    repeats: int
    source: str


def require_workshop(viewer: Viewer) -> Staff:
    """Whoever writes or approves policies. Raises NotAllowed for everybody else."""
    if isinstance(viewer, Staff) and (viewer.may(Permission.PUBLISH_POLICY) or viewer.may(Permission.APPROVE_POLICY)):
        return viewer
    raise NotAllowed(permission=Permission.PUBLISH_POLICY.value)


async def list_drafts(
    tx: Tx,
    viewer: Viewer,
    *,
    states: tuple[DraftState, ...] = (DraftState.DRAFT, DraftState.PROPOSED),
    before: tuple[datetime, UUID] | None = None,
    limit: int = DRAFTS_PAGE_MAX,
) -> list[DraftListRow]:
    """A page of drafts in these states, the last edited first; `before` is the last row's (edited_at, id).

    One more than `limit` when there is a next page. Raises NotAllowed.
    """
    require_workshop(viewer)
    return await tx.all(
        DraftListRow,
        """
        SELECT d.id, d.state, d.version, d.label, d.name, d.base_policy_id, p.label AS base_label, d.effective_from,
               d.created_by_name, d.edited_by, d.edited_by_name, d.edited_at, d.proposed_by, d.proposed_by_name,
               d.proposed_at, d.approved_by_name, d.published_policy_id
          FROM policy_drafts d
          LEFT JOIN policies p ON p.platform_id = d.platform_id AND p.id = d.base_policy_id
         WHERE d.platform_id = %(platform)s AND d.state = ANY (%(states)s)
           AND (%(at)s::timestamptz IS NULL OR (d.edited_at, d.id) < (%(at)s, %(before)s))
         ORDER BY d.edited_at DESC, d.id DESC LIMIT %(limit)s
        """,
        platform=tx.platform_id,
        states=[state.value for state in states],
        at=before[0] if before else None,
        before=before[1] if before else None,
        limit=min(limit, DRAFTS_PAGE_MAX) + 1,
    )


async def load_draft(tx: Tx, viewer: Viewer, draft_id: UUID) -> Draft:
    """One draft with its text. Raises NotAllowed, and NotFound for another platform's."""
    require_workshop(viewer)
    found = await tx.one(
        Draft,
        """
        SELECT id, state, version, label, name, source, save_no, base_policy_id, effective_from, created_by,
               created_by_name, created_at, edited_by, edited_by_name, edited_at, proposed_by, proposed_by_name,
               proposed_at, note, report, approved_by, approved_by_name, published_policy_id,
               ARRAY(SELECT a.staff_id FROM policy_draft_people a
                      WHERE a.platform_id = d.platform_id AND a.draft_id = d.id AND a.part = 'author'
                      ORDER BY a.at, a.staff_id) AS authors
          FROM policy_drafts d
         WHERE platform_id = %(platform)s AND id = %(id)s
         LIMIT 1
        """,
        platform=tx.platform_id,
        id=draft_id,
    )
    if found is None:
        raise NotFound
    return found


async def list_saves(tx: Tx, viewer: Viewer, draft_id: UUID) -> list[Save]:
    """The kept texts of a draft, the last first, without the texts. Raises NotAllowed."""
    require_workshop(viewer)
    return await tx.all(
        Save,
        "SELECT save_no, repeats, saved_by_name, saved_at FROM policy_draft_saves"
        " WHERE platform_id = %(platform)s AND draft_id = %(draft)s ORDER BY save_no DESC LIMIT %(limit)s",
        platform=tx.platform_id,
        draft=draft_id,
        limit=SAVES_KEPT_MAX,
    )


async def kept_text(tx: Tx, draft_id: UUID, save_no: int) -> KeptText | None:
    """One kept text, or None when it never was or is no longer kept. For the actions, which have authorised."""
    return await tx.one(
        KeptText,
        "SELECT save_no, repeats, source FROM policy_draft_saves"
        " WHERE platform_id = %(platform)s AND draft_id = %(draft)s AND save_no = %(no)s LIMIT 1",
        platform=tx.platform_id,
        draft=draft_id,
        no=save_no,
    )
