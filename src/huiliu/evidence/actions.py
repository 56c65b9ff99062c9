"""Handing evidence in and taking it back, in the caller's transaction. The caller has loaded, so authorised, the claim.

Files go through `files.keep_picture` first, outside the transaction; here only rows are written.
"""

from __future__ import annotations

from uuid import UUID

from huiliu.evidence import errors, store
from huiliu.evidence.gate.sniff import MIB
from huiliu.evidence.model import (
    BYTES_PER_CLAIM_MAX,
    FILES_EVER_MAX,
    FILES_PER_CLAIM_MAX,
    FILES_PER_SLOT_MAX,
    NOTES_PER_CLAIM_MAX,
    SIGNER_NAME_MAX,
    WORDS_MAX,
    Kept,
    NoteKind,
    Party,
    Signature,
    note_facts,
    note_hash,
    tidy_name,
)
from huiliu.evidence.records import Facts, PlatformFacts, records, words
from huiliu.evidence.slots import Slot, SlotCode, SlotKind, Supplier, slot_by_code
from huiliu.evidence.verification.store import enqueue
from huiliu.journal.actions import ENTRIES_MAX, record
from huiliu.journal.model import Entry
from huiliu.kit.db import Actor, ActorKind, Tx
from huiliu.kit.errors import NotFound
from huiliu.kit.ids import new_id
from huiliu.kit.text import Lang, say


def party_of(actor: Actor) -> Party:
    """Whose evidence the actor's is: machines and the program itself speak for the platform."""
    match actor.kind:
        case ActorKind.BUYER:
            return Party.BUYER
        case ActorKind.STAFF:
            return Party.STAFF
        case ActorKind.MACHINE | ActorKind.SYSTEM:
            return Party.PLATFORM


async def ensure_room(tx: Tx, claim_id: UUID, *, slot: str, source: Party | None = None) -> None:
    """Refuse before bytes are taken in what `add_file` would refuse afterwards.

    Raises UnknownSlot, WrongForm, PlatformSlot, SlotFull, ClaimFull. Binding only in a transaction that locked the claim.
    """
    party = source or party_of(tx.actor)
    _check_file_slot(slot_by_code(slot), party)
    await _check_room(tx, claim_id, slot=slot, party=party, more_bytes=0)


async def add_file(
    tx: Tx, claim_id: UUID, *, slot: str, round: int, kept: Kept, file_name: str = "", source: Party | None = None
) -> UUID:
    """Put a picture into a slot of the round that is being prepared or answered; the same picture twice is kept once.

    `source` is the actor's party unless an API key hands in for the buyer. Raises NotFound,
    RoundClosed (a buyer after applying, unless material was asked for) and what `ensure_room` raises.
    """
    party = source or party_of(tx.actor)
    _check_file_slot(slot_by_code(slot), party)
    await _lock(tx, claim_id)
    twin = await store.same_file(tx, claim_id, slot=slot, sha256=kept.sha256)
    if twin is not None:
        return twin
    await _check_round_open(tx, claim_id, round=round, party=party)
    await _check_room(tx, claim_id, slot=slot, party=party, more_bytes=kept.size)
    file_id = new_id()
    await store.insert_file(
        tx,
        claim_id,
        file_id=file_id,
        slot=slot,
        round=round,
        source=party,
        kept=kept,
        file_name=tidy_name(file_name),
    )
    await enqueue(tx, claim_id, file_id=file_id)
    hidden = {"trailing_bytes": kept.trailing_bytes} if kept.trailing_bytes else {}
    body = {
        **_body("file", slot, kept.sha256, round, party),
        "size": kept.size,
        "original_sha256": kept.original_sha256.hex(),
        **hidden,
    }
    await record(tx, claim_id, Entry("evidence.added", body))
    return file_id


async def remove_file(tx: Tx, claim_id: UUID, *, file_id: UUID, source: Party | None = None) -> None:
    """Take back a file before its round is submitted, or before an open request for material is answered.

    Raises NotFound, NotYours, AlreadySubmitted.
    """
    await _lock(tx, claim_id)
    item = await store.load_file_item(tx, claim_id, file_id=file_id)
    _check_removable(item, source or party_of(tx.actor))
    if not await store.mark_file_removed(tx, claim_id, file_id=file_id):
        raise NotFound
    assert item is not None
    body = _body("file", item.slot, item.sha256, item.round, Party(item.source))
    await record(tx, claim_id, Entry("evidence.removed", body))


async def add_note(
    tx: Tx,
    claim_id: UUID,
    *,
    slot: str,
    round: int,
    text: str,
    signature: Signature | None = None,
    source: Party | None = None,
) -> UUID:
    """Put words into a slot: a buyer's signed declaration, or a statement by the platform's people.

    A declaration is hashed with its time, name and policy version, so that none can be changed later; the same words
    by the same name in one round are kept once. Raises NotFound, RoundClosed, UnknownSlot, WrongForm, PlatformSlot,
    NameMissing, WordsTooLong, ClaimFull.
    """
    party = source or party_of(tx.actor)
    wanted = slot_by_code(slot)
    kind = NoteKind.DECLARATION if signature else NoteKind.STATEMENT
    _check_note_slot(wanted, party, kind)
    told = text.strip()
    if not 1 <= len(told) <= WORDS_MAX:
        raise errors.WordsTooLong(max=WORDS_MAX)
    facts, by_name = _signed(tx, signature, round=round) if signature else ({}, tx.actor.name)
    await _lock(tx, claim_id)
    twin = await store.same_note(tx, claim_id, slot=slot, round=round, source=party, words=told, by_name=by_name)
    if twin is not None:  # a second click signs nothing new
        return twin
    await _check_round_open(tx, claim_id, round=round, party=party)
    if await store.count_notes(tx, claim_id, source=party) >= NOTES_PER_CLAIM_MAX:
        raise errors.ClaimFull(max=NOTES_PER_CLAIM_MAX, max_mib=BYTES_PER_CLAIM_MAX // MIB)
    fresh_id, written = new_id(), note_facts(facts)
    digest = note_hash(slot, told, written)
    note_id = await store.insert_note(
        tx,
        claim_id,
        note_id=fresh_id,
        slot=slot,
        round=round,
        source=party,
        kind=kind,
        words=told,
        facts=written,
        sha256=digest,
        by_name=by_name,
    )
    await record(tx, claim_id, Entry("evidence.added", _body(kind.value, slot, digest, round, party)))
    return note_id


async def remove_note(tx: Tx, claim_id: UUID, *, note_id: UUID, source: Party | None = None) -> None:
    """Take back words by the same rule as files. Raises NotFound, NotYours, AlreadySubmitted."""
    await _lock(tx, claim_id)
    item = await store.load_note_item(tx, claim_id, note_id=note_id)
    _check_removable(item, source or party_of(tx.actor))
    if not await store.mark_note_removed(tx, claim_id, note_id=note_id):
        raise NotFound
    assert item is not None
    body = _body("note", item.slot, item.sha256, item.round, Party(item.source))
    await record(tx, claim_id, Entry("evidence.removed", body))


async def attach_platform_facts(tx: Tx, claim_id: UUID, *, round: int, known: PlatformFacts) -> tuple[str, ...]:
    """Attach what the platform's own records say, so that the buyer need not prove it; returns the slots they fill.

    Safe to repeat: what has not changed stays, what the records no longer say is retired, both in the journal.
    """
    await _lock(tx, claim_id)
    attached = [_record_note(item.slot.value, item.facts) for item in records(known, now=tx.now)]
    retired = await store.replace_records(tx, claim_id, keep=[note.sha256 for note in attached])
    by_name = say(Lang.ZH, "evidence.by_platform")
    added = await store.insert_records(tx, claim_id, notes=attached, round=round, by_name=by_name)
    entries = [
        *(
            Entry("evidence.removed", _body("record", old.slot, old.sha256, old.round, Party.PLATFORM))
            for old in retired
        ),
        *(Entry("evidence.added", _body("record", new.slot, new.sha256, round, Party.PLATFORM)) for new in added),
    ]
    if entries:
        assert len(entries) <= ENTRIES_MAX
        await record(tx, claim_id, *entries)
    return tuple(sorted({note.slot for note in attached}))


def _record_note(slot: str, known: Facts) -> store.RecordNote:
    said, facts = words(Lang.ZH, known), note_facts(known)
    return store.RecordNote(new_id(), slot, said, facts, note_hash(slot, said, facts))


def _body(form: str, slot: str, sha256: bytes, round: int, party: Party) -> dict[str, object]:
    """No file names and no words: the journal outlives a request to be forgotten."""
    return {"form": form, "slot": str(slot), "sha256": sha256.hex(), "round": round, "source": party.value}


async def _lock(tx: Tx, claim_id: UUID) -> None:
    if not await store.lock_claim(tx, claim_id):
        raise NotFound


def _check_file_slot(slot: Slot, party: Party) -> None:
    if slot.kind is SlotKind.SIGNED_WORDS:
        raise errors.WrongForm(slot=slot.code.value)
    if slot.supplier is Supplier.PLATFORM and party is Party.BUYER:
        raise errors.PlatformSlot(slot=slot.code.value)


def _check_note_slot(slot: Slot, party: Party, kind: NoteKind) -> None:
    """A buyer's words count only where words are wanted, and only signed; nobody signs for a buyer."""
    if party is Party.BUYER:
        if slot.supplier is Supplier.PLATFORM:
            raise errors.PlatformSlot(slot=slot.code.value)
        if slot.kind is not SlotKind.SIGNED_WORDS:
            raise errors.WrongForm(slot=slot.code.value)
        if kind is not NoteKind.DECLARATION:
            raise errors.NameMissing(max=SIGNER_NAME_MAX)
    elif slot.code is SlotCode.UNUSED_DECLARATION:
        raise errors.NotYours


async def _check_room(tx: Tx, claim_id: UUID, *, slot: str, party: Party, more_bytes: int) -> None:
    used = await store.room(tx, claim_id, slot=slot, source=party)
    if used.in_slot >= FILES_PER_SLOT_MAX:
        raise errors.SlotFull(max=FILES_PER_SLOT_MAX)
    full = used.in_claim >= FILES_PER_CLAIM_MAX or used.ever >= FILES_EVER_MAX
    if full or used.size + more_bytes > BYTES_PER_CLAIM_MAX:
        raise errors.ClaimFull(max=FILES_PER_CLAIM_MAX, max_mib=BYTES_PER_CLAIM_MAX // MIB)


async def _check_round_open(tx: Tx, claim_id: UUID, *, round: int, party: Party) -> None:
    """A page may be old: what the buyer sends after applying must not slip into a round that was judged without it."""
    if party is Party.BUYER and await store.is_round_closed(tx, claim_id, round=round):
        raise errors.RoundClosed


def _check_removable(item: store.Item | None, party: Party) -> None:
    if item is None:
        raise NotFound
    if item.source != party.value:
        raise errors.NotYours
    if item.is_fixed:
        raise errors.AlreadySubmitted


def _signed(tx: Tx, signature: Signature, *, round: int) -> tuple[dict[str, object], str]:
    name = " ".join(signature.name.split())
    if not 1 <= len(name) <= SIGNER_NAME_MAX or not name.isprintable():
        raise errors.NameMissing(max=SIGNER_NAME_MAX)
    facts: dict[str, object] = {
        "name": name,
        "signed_at": tx.now.isoformat(timespec="microseconds"),
        "policy_version": signature.policy_version,
        "policy_hash": signature.policy_hash.hex(),
        "round": round,
    }
    return facts, name
