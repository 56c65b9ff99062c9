"""SQL that writes drafts of policies, the list of their people and their kept texts."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from huiliu.kit.db import Tx
from huiliu.people.model import Staff
from huiliu.policy.drafts.model import SAVES_KEPT_MAX, Draft, DraftState


class Writing(msgspec.Struct, frozen=True, kw_only=True):
    """A text with the label and the name it reads as."""

    source: str
    label: str
    name: str


async def insert_draft(tx: Tx, draft_id: UUID, staff: Staff, text: Writing, *, base: UUID | None) -> None:
    """A new draft with its first text."""
    await tx.run(
        """
        INSERT INTO policy_drafts (platform_id, id, state, label, name, source, base_policy_id, created_by, created_by_name,
                                   created_at, edited_by, edited_by_name, edited_at)
        VALUES (%(platform)s, %(id)s, 'draft', %(label)s, %(name)s, %(source)s, %(base)s, %(staff)s, %(by)s, %(now)s,
                %(staff)s, %(by)s, %(now)s)
        """,
        platform=tx.platform_id,
        id=draft_id,
        label=text.label,
        name=text.name,
        source=text.source,
        base=base,
        staff=staff.id,
        by=staff.name,
        now=tx.now,
    )


async def count_open(tx: Tx) -> int:
    """How many drafts are neither published nor discarded."""
    found = await tx.value(
        "SELECT count(*)::int FROM policy_drafts WHERE platform_id = %(platform)s AND state IN ('draft', 'proposed')",
        platform=tx.platform_id,
    )
    assert isinstance(found, int)
    return found


async def write_text(tx: Tx, draft: Draft, staff: Staff, text: Writing) -> bool:
    """Replace the text if nobody saved or proposed since `draft` was read: the row's version and state guard it."""
    changed = await tx.run(
        """
        UPDATE policy_drafts
           SET source = %(source)s, label = %(label)s, name = %(name)s, save_no = save_no + 1, version = version + 1,
               edited_by = %(staff)s, edited_by_name = %(by)s, edited_at = %(now)s
         WHERE platform_id = %(platform)s AND id = %(id)s AND version = %(version)s AND state = 'draft'
        """,
        platform=tx.platform_id,
        id=draft.id,
        version=draft.version,
        source=text.source,
        label=text.label,
        name=text.name,
        staff=staff.id,
        by=staff.name,
        now=tx.now,
    )
    return changed == 1


async def insert_save(tx: Tx, draft_id: UUID, staff: Staff, *, save_no: int, repeats: int, source: str) -> None:
    """Keep a text, and let go of the one that is now too old."""
    await tx.run(
        """
        INSERT INTO policy_draft_saves (platform_id, draft_id, save_no, repeats, source, saved_by, saved_by_name, saved_at)
        VALUES (%(platform)s, %(draft)s, %(no)s, %(repeats)s, %(source)s, %(staff)s, %(by)s, %(now)s)
        """,
        platform=tx.platform_id,
        draft=draft_id,
        no=save_no,
        repeats=repeats,
        source=source,
        staff=staff.id,
        by=staff.name,
        now=tx.now,
    )
    await tx.run(
        "DELETE FROM policy_draft_saves"
        " WHERE platform_id = %(platform)s AND draft_id = %(draft)s AND save_no <= %(no)s - %(kept)s",
        platform=tx.platform_id,
        draft=draft_id,
        no=save_no,
        kept=SAVES_KEPT_MAX,
    )


async def delete_saves(tx: Tx, draft_id: UUID) -> None:
    """Let the earlier texts go: the draft is over."""
    await tx.run(
        "DELETE FROM policy_draft_saves WHERE platform_id = %(platform)s AND draft_id = %(draft)s",
        platform=tx.platform_id,
        draft=draft_id,
    )


async def insert_author(tx: Tx, draft_id: UUID, staff: Staff) -> None:
    """Remember for good that this person wrote a text of it. policy_draft_one_part keeps them from approving."""
    await tx.run(
        """
        INSERT INTO policy_draft_people (platform_id, draft_id, staff_id, part, name, at)
        VALUES (%(platform)s, %(draft)s, %(staff)s, 'author', %(by)s, %(now)s) ON CONFLICT DO NOTHING
        """,
        platform=tx.platform_id,
        draft=draft_id,
        staff=staff.id,
        by=staff.name,
        now=tx.now,
    )


async def insert_approver(tx: Tx, draft_id: UUID, staff: Staff) -> None:
    """Name the second person. policy_draft_one_part refuses whoever wrote a text of it."""
    await tx.run(
        """
        INSERT INTO policy_draft_people (platform_id, draft_id, staff_id, part, name, at)
        VALUES (%(platform)s, %(draft)s, %(staff)s, 'approver', %(by)s, %(now)s)
        """,
        platform=tx.platform_id,
        draft=draft_id,
        staff=staff.id,
        by=staff.name,
        now=tx.now,
    )


async def propose(
    tx: Tx, draft: Draft, staff: Staff, *, effective_from: datetime | None, note: str, report: dict[str, object]
) -> bool:
    """Hand the draft over if it is still as it was read: the row's version and state guard it."""
    changed = await tx.run(
        """
        UPDATE policy_drafts
           SET state = 'proposed', version = version + 1, proposed_by = %(staff)s, proposed_by_name = %(by)s,
               proposed_at = %(now)s, effective_from = %(effective_from)s, note = %(note)s, report = %(report)s::jsonb
         WHERE platform_id = %(platform)s AND id = %(id)s AND version = %(version)s AND state = 'draft'
        """,
        platform=tx.platform_id,
        id=draft.id,
        version=draft.version,
        staff=staff.id,
        by=staff.name,
        now=tx.now,
        effective_from=effective_from,
        note=note,
        report=msgspec.json.encode(report).decode(),
    )
    return changed == 1


async def reopen(tx: Tx, draft: Draft, *, note: str) -> bool:
    """Back to writing if it is still as it was read: the row's version and state guard it."""
    changed = await tx.run(
        """
        UPDATE policy_drafts
           SET state = 'draft', version = version + 1, proposed_by = NULL, proposed_by_name = '', proposed_at = NULL,
               report = NULL, note = %(note)s
         WHERE platform_id = %(platform)s AND id = %(id)s AND version = %(version)s AND state = 'proposed'
        """,
        platform=tx.platform_id,
        id=draft.id,
        version=draft.version,
        note=note,
    )
    return changed == 1


async def approve(tx: Tx, draft: Draft, staff: Staff, policy_id: UUID) -> bool:
    """Turn the proposal into a version: of two approvals at once the row's version and state let one through."""
    changed = await tx.run(
        """
        UPDATE policy_drafts
           SET state = 'published', version = version + 1, approved_by = %(staff)s, approved_by_name = %(by)s,
               published_policy_id = %(policy)s
         WHERE platform_id = %(platform)s AND id = %(id)s AND version = %(version)s AND state = 'proposed'
        """,
        platform=tx.platform_id,
        id=draft.id,
        version=draft.version,
        staff=staff.id,
        by=staff.name,
        policy=policy_id,
    )
    return changed == 1


async def discard(tx: Tx, draft: Draft) -> bool:
    """Put the draft away if it is still as it was read: the row's version and state guard it."""
    changed = await tx.run(
        """
        UPDATE policy_drafts SET state = %(discarded)s, version = version + 1
         WHERE platform_id = %(platform)s AND id = %(id)s AND version = %(version)s AND state = 'draft'
        """,
        platform=tx.platform_id,
        id=draft.id,
        version=draft.version,
        discarded=DraftState.DISCARDED.value,
    )
    return changed == 1
