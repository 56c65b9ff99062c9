"""From a text to a version in force: write, propose, and have it approved by somebody who wrote none of it."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from uuid import UUID

import msgspec

from huiliu.journal.actions import record
from huiliu.journal.model import Entry, platform_stream
from huiliu.kit.db import Tx
from huiliu.kit.ids import SHANGHAI, new_id
from huiliu.people.model import Permission, Staff, Viewer, require
from huiliu.policy import store
from huiliu.policy.actions import accepted, put_in_force
from huiliu.policy.document import SOURCE_CHARS_MAX
from huiliu.policy.drafts import store as draft_store
from huiliu.policy.drafts.checks import Checks, checks
from huiliu.policy.drafts.model import (
    DRAFTS_OPEN_MAX,
    EFFECTIVE_AHEAD_DAYS_MAX,
    NOTE_CHARS_MAX,
    REPLACES,
    REPORT_BYTES_MAX,
    AlreadyPublished,
    Draft,
    DraftChanged,
    DraftElsewhere,
    DraftMove,
    DraftTooLong,
    DraftUnstorable,
    EffectiveFar,
    EffectivePassed,
    LabelTaken,
    NoteMalformed,
    NothingToUndo,
    NotProposer,
    Overtaken,
    OwnProposal,
    OwnWork,
    ReportTooLong,
    TooManyDrafts,
    TwoInstants,
    TwoPeople,
)
from huiliu.policy.drafts.reads import kept_text, load_draft
from huiliu.policy.drafts.store import Writing
from huiliu.policy.edit.text import drop, read_parts
from huiliu.policy.model import EffectiveInPast, InstantTaken, NoneInForce, Policy, PolicyError, PublishedPolicy
from huiliu.policy.parse import parse_policy
from huiliu.policy.reads import (
    find_by_content,
    instant_is_taken,
    label_is_taken,
    load_policy,
    policy_in_force,
    policy_source,
)
from huiliu.policy.words import KEYS

__all__ = [
    "Checks",
    "approve",
    "checks",
    "discard",
    "propose",
    "return_draft",
    "save_draft",
    "start_draft",
    "take_back",
    "undo_save",
]


EFFECTIVE_KEYS = ("生效", KEYS["policy"]["生效"])
"""How a file names its own instant, in either language."""


async def start_draft(tx: Tx, viewer: Viewer, *, from_policy: UUID | None = None, source: str | None = None) -> Draft:
    """Begin a draft with a text of one's own, else a published version's, else the one in force, else a small starter.

    A version's text comes without its 生效, which was that version's own.
    Raises NotAllowed, NotFound (no such version), TooManyDrafts, DraftTooLong, DraftUnstorable.
    """
    staff = require(viewer, Permission.PUBLISH_POLICY)
    base = await _base(tx, from_policy)
    if source is None:
        source = _starter() if base is None else _undated(await policy_source(tx, base.id))
    text = await _writing(source, before=None)
    await store.lock_timeline(tx)
    if await draft_store.count_open(tx) >= DRAFTS_OPEN_MAX:
        raise TooManyDrafts(limit=DRAFTS_OPEN_MAX)
    draft_id = new_id()
    await draft_store.insert_draft(tx, draft_id, staff, text, base=None if base is None else base.id)
    await draft_store.insert_author(tx, draft_id, staff)
    await draft_store.insert_save(tx, draft_id, staff, save_no=1, repeats=1, source=text.source)
    await _record(tx, "policy.draft_started", draft_id, sha256=_digest(text.source), base=base and str(base.id))
    return await load_draft(tx, staff, draft_id)


async def save_draft(tx: Tx, viewer: Viewer, draft_id: UUID, *, version: int, source: str) -> Draft:
    """Keep what was typed, readable or not, if nobody else saved since `version`. The same text again changes nothing.

    Raises NotAllowed, NotFound, DraftChanged, DraftElsewhere, DraftTooLong, DraftUnstorable.
    """
    staff = require(viewer, Permission.PUBLISH_POLICY)
    draft = await _draft(tx, staff, draft_id, version=version, move=DraftMove.SAVE)
    text = await _writing(source, before=draft)
    if text.source == draft.source:
        return draft
    return await _save(tx, draft, staff, text, repeats=draft.save_no + 1)


async def undo_save(tx: Tx, viewer: Viewer, draft_id: UUID, *, version: int) -> Draft:
    """Go back to the text before; again and again, as far as texts are kept.

    Raises NotAllowed, NotFound, DraftChanged, DraftElsewhere, NothingToUndo.
    """
    staff = require(viewer, Permission.PUBLISH_POLICY)
    draft = await _draft(tx, staff, draft_id, version=version, move=DraftMove.SAVE)
    current = await kept_text(tx, draft_id, draft.save_no)
    before = None if current is None else await kept_text(tx, draft_id, current.repeats - 1)
    if before is None:
        raise NothingToUndo
    text = await _writing(before.source, before=draft)
    return await _save(tx, draft, staff, text, repeats=before.repeats)


async def propose(
    tx: Tx,
    viewer: Viewer,
    draft_id: UUID,
    *,
    version: int,
    effective_from: datetime | None,
    note: str = "",
    report: dict[str, object] | None = None,
) -> Draft:
    """Hand a draft to a second person, to take effect at `effective_from`, else at the file's 生效, else on approval.

    `report` is whatever more was looked at (a back-test's figures), kept beside a summary of the checks made here.
    Raises NotAllowed, NotFound, DraftChanged, DraftElsewhere, PolicyError, Blocked, GoldenFails, AlreadyPublished,
    LabelTaken, TwoInstants, EffectiveInPast, EffectiveFar, InstantTaken, NoteMalformed, ReportTooLong.
    """
    staff = require(viewer, Permission.PUBLISH_POLICY)
    draft = await _draft(tx, staff, draft_id, version=version, move=DraftMove.PROPOSE)
    words = _note(note)
    policy = await asyncio.to_thread(parse_policy, draft.source)
    await _check_new(tx, policy)
    if None not in (effective_from, policy.effective_from) and effective_from != policy.effective_from:
        raise TwoInstants(effective_from=_minute(policy.effective_from or tx.now))
    starts = await _check_instant(tx, effective_from or policy.effective_from)
    instant = starts or tx.now
    replaced = await _in_force(tx, instant)
    day = instant.astimezone(SHANGHAI).date()
    found = await asyncio.to_thread(checks, draft.source, replaced and replaced.policy, on=day)
    found.accepted()
    kept: dict[str, object] = {**(report or {}), "checks": found.summary(), REPLACES: replaced and str(replaced.id)}
    if len(msgspec.json.encode(kept)) > REPORT_BYTES_MAX:
        raise ReportTooLong(limit=REPORT_BYTES_MAX)
    if not await draft_store.propose(tx, draft, staff, effective_from=starts, note=words, report=kept):
        raise DraftChanged
    # Whoever vouches for a text is one of its authors from then on, and never its second person.
    await draft_store.insert_author(tx, draft_id, staff)
    await _record(
        tx,
        "policy.proposed",
        draft_id,
        label=policy.label,
        content_hash=policy.content_hash.hex(),
        effective_from=starts and starts.isoformat(),
    )
    return await load_draft(tx, staff, draft_id)


async def take_back(tx: Tx, viewer: Viewer, draft_id: UUID, *, version: int) -> Draft:
    """The proposer goes on writing. Raises NotAllowed, NotFound, DraftChanged, DraftElsewhere, NotProposer."""
    staff = require(viewer, Permission.PUBLISH_POLICY)
    draft = await _draft(tx, staff, draft_id, version=version, move=DraftMove.TAKE_BACK)
    if draft.proposed_by != staff.id:
        raise NotProposer(name=draft.proposed_by_name)
    if not await draft_store.reopen(tx, draft, note=""):
        raise DraftChanged
    await _record(tx, "policy.taken_back", draft_id)
    return await load_draft(tx, staff, draft_id)


async def return_draft(tx: Tx, viewer: Viewer, draft_id: UUID, *, version: int, note: str) -> Draft:
    """A second person says what has to change first.

    Raises NotAllowed, NotFound, DraftChanged, DraftElsewhere, OwnProposal, NoteMalformed.
    """
    staff = require(viewer, Permission.APPROVE_POLICY)
    draft = await _draft(tx, staff, draft_id, version=version, move=DraftMove.RETURN)
    if not draft.may_return(staff.id):
        raise OwnProposal
    words = _note(note)
    if not await draft_store.reopen(tx, draft, note=words):
        raise DraftChanged
    await _record(tx, "policy.returned", draft_id, note=words)
    return await load_draft(tx, staff, draft_id)


async def approve(tx: Tx, viewer: Viewer, draft_id: UUID, *, version: int) -> PublishedPolicy:
    """A second person puts the proposal in force, checked once more as it stands.

    Raises NotAllowed, NotFound, DraftChanged, DraftElsewhere, OwnWork, EffectivePassed, PolicyError, Blocked,
    GoldenFails, AlreadyPublished, LabelTaken, InstantTaken, Overtaken.
    """
    staff = require(viewer, Permission.APPROVE_POLICY)
    draft = await _draft(tx, staff, draft_id, version=version, move=DraftMove.APPROVE)
    if not draft.may_approve(staff.id):
        raise OwnWork
    starts = draft.effective_from or tx.now
    if starts < tx.now:
        raise EffectivePassed(effective_from=_minute(starts))
    # Nothing is locked while it is checked: the version that the row must still have at the end pins the text.
    policy = await accepted(draft.source, starts)
    await store.lock_timeline(tx)
    await _check_new(tx, policy)
    if draft.effective_from is not None and await instant_is_taken(tx, starts):
        raise InstantTaken
    replaced = await _in_force(tx, starts)
    if draft.replaces != (replaced and replaced.id):
        raise Overtaken(label="—" if replaced is None else replaced.label)
    policy_id = new_id()
    if not await draft_store.approve(tx, draft, staff, policy_id):
        raise DraftChanged
    assert draft.proposed_by is not None, "the table has no proposal without its proposer"
    await draft_store.insert_approver(tx, draft_id, staff)
    await draft_store.delete_saves(tx, draft_id)
    people = TwoPeople(
        draft_id=draft_id,
        proposer_id=draft.proposed_by,
        proposer=draft.proposed_by_name,
        approver_id=staff.id,
        approver=staff.name,
    )
    return await put_in_force(
        tx, policy, source=draft.source, starts=starts, by=staff.name, people=people, policy_id=policy_id
    )


async def discard(tx: Tx, viewer: Viewer, draft_id: UUID, *, version: int) -> Draft:
    """Put a draft away for good. Raises NotAllowed, NotFound, DraftChanged, DraftElsewhere."""
    staff = require(viewer, Permission.PUBLISH_POLICY)
    draft = await _draft(tx, staff, draft_id, version=version, move=DraftMove.DISCARD)
    if not await draft_store.discard(tx, draft):
        raise DraftChanged
    await draft_store.delete_saves(tx, draft_id)
    await _record(tx, "policy.draft_discarded", draft_id)
    return await load_draft(tx, staff, draft_id)


async def _draft(tx: Tx, staff: Staff, draft_id: UUID, *, version: int, move: DraftMove) -> Draft:
    draft = await load_draft(tx, staff, draft_id)
    if draft.version != version:
        raise DraftChanged
    if not draft.may_move(move):
        raise DraftElsewhere
    return draft


async def _save(tx: Tx, draft: Draft, staff: Staff, text: Writing, *, repeats: int) -> Draft:
    if not await draft_store.write_text(tx, draft, staff, text):
        raise DraftChanged
    save_no = draft.save_no + 1
    await draft_store.insert_author(tx, draft.id, staff)
    await draft_store.insert_save(tx, draft.id, staff, save_no=save_no, repeats=repeats, source=text.source)
    await _record(tx, "policy.draft_saved", draft.id, save_no=save_no, sha256=_digest(text.source))
    return await load_draft(tx, staff, draft.id)


async def _base(tx: Tx, from_policy: UUID | None) -> PublishedPolicy | None:
    if from_policy is not None:
        return await load_policy(tx, from_policy)
    return await _in_force(tx, tx.now)


async def _in_force(tx: Tx, at: datetime) -> PublishedPolicy | None:
    try:
        return await policy_in_force(tx, at)
    except NoneInForce:
        return None


async def _check_new(tx: Tx, policy: Policy) -> None:
    """Content and label that no version has yet."""
    existing = await find_by_content(tx, policy.content_hash)
    if existing is not None:
        raise AlreadyPublished(label=existing.label)
    if await label_is_taken(tx, policy.label):
        raise LabelTaken(label=policy.label)


async def _check_instant(tx: Tx, wanted: datetime | None) -> datetime | None:
    if wanted is None:
        return None
    assert wanted.tzinfo is not None, "an instant carries its offset"
    starts = wanted.astimezone(UTC)
    if starts < tx.now:
        raise EffectiveInPast(effective_from=_minute(starts))
    if starts > tx.now + timedelta(days=EFFECTIVE_AHEAD_DAYS_MAX):
        raise EffectiveFar(days=EFFECTIVE_AHEAD_DAYS_MAX)
    if await instant_is_taken(tx, starts):
        raise InstantTaken
    return starts


async def _writing(source: str, *, before: Draft | None) -> Writing:
    """The text as it is stored, with the label and name it reads as, or the ones it had while it does not read."""
    if len(source) > 2 * SOURCE_CHARS_MAX:
        raise DraftTooLong(limit=SOURCE_CHARS_MAX)
    plain = source.removeprefix("\ufeff").replace("\r\n", "\n")  # a form sends its lines with both
    if len(plain) > SOURCE_CHARS_MAX:
        raise DraftTooLong(limit=SOURCE_CHARS_MAX)
    if "\0" in plain or any("\ud800" <= letter <= "\udfff" for letter in plain):
        raise DraftUnstorable
    try:
        policy = await asyncio.to_thread(parse_policy, plain)
    except PolicyError:
        return Writing(
            source=plain, label="" if before is None else before.label, name="" if before is None else before.name
        )
    return Writing(source=plain, label=policy.label, name=policy.name)


def _note(note: str) -> str:
    plain = note.strip().replace("\r\n", "\n")
    if len(plain) > NOTE_CHARS_MAX or not all(letter.isprintable() or letter == "\n" for letter in plain):
        raise NoteMalformed(limit=NOTE_CHARS_MAX)
    return plain


def _starter() -> str:
    return files("huiliu.policy.drafts").joinpath("starter.yaml").read_text("utf-8")


def _undated(source: str) -> str:
    root = read_parts(source)
    for key in EFFECTIVE_KEYS:
        if root.value(key) is not None:
            return drop(source, root, key).text
    return source


def _digest(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest()


def _minute(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


async def _record(tx: Tx, kind: str, draft_id: UUID, **facts: str | int | None) -> None:
    await record(tx, platform_stream(tx.platform_id), Entry(kind, {"draft_id": str(draft_id), **facts}))
