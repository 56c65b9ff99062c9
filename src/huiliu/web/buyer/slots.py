"""Evidence slots as a buyer fills them: what is wanted, what is there, and putting pictures and signatures in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from litestar.datastructures import UploadFile
from markupsafe import Markup
from msgspec import Struct

from huiliu.claims.model import Move, MoveNotAllowed, State
from huiliu.claims.page import ClaimPage
from huiliu.claims.reads import load_claim
from huiliu.claims.store import ClaimRow
from huiliu.evidence.actions import add_file, add_note, ensure_room, remove_file, remove_note
from huiliu.evidence.errors import FileTooLarge
from huiliu.evidence.examples import example_svg
from huiliu.evidence.files import keep_file, upload_bytes_max
from huiliu.evidence.gate.sniff import MIB, VIDEO_BYTES_MAX
from huiliu.evidence.model import FileRow, Party, Signature, SlotView
from huiliu.evidence.records import note_words
from huiliu.evidence.slots import SlotCode, SlotKind, Supplier, slot_by_code
from huiliu.evidence.verification.codes import issue_code
from huiliu.evidence.video.model import SECONDS_MAX
from huiliu.kit.db import Tx
from huiliu.kit.text import Lang, say
from huiliu.policy.model import PublishedPolicy
from huiliu.web.buyer.codes import CodeWanted
from huiliu.web.buyer.look import Seen, SlotPage, slot_page
from huiliu.web.buyer.mending import Taken, ToMend
from huiliu.web.buyer.seen import slot_state
from huiliu.web.buyer.signing import Signed, signed_of
from huiliu.web.visit import Visit

OPEN_FOR_EVIDENCE = frozenset({State.DRAFT, State.REJECTED, State.WAITING_BUYER})
"""When a buyer may add or take back evidence: while preparing, before applying again, and when asked for it."""
LONG_AGO = datetime.min.replace(tzinfo=UTC)
NO_POLICY_HASH = b""


class NoteShown(Struct, frozen=True, kw_only=True):
    """Words in a slot."""

    id: UUID
    kind: str
    words: str
    by: str
    at: datetime
    removable: bool
    signed: Signed | None = None


class FileShown(Struct, frozen=True, kw_only=True):
    """A picture in a slot."""

    file: FileRow
    removable: bool
    mend: tuple[ToMend, ...] = ()
    """What was seen at once, right after it was sent."""


class Filling(Struct, frozen=True, kw_only=True):
    """What the form shows beside the claim itself."""

    seen: Seen
    codes: Mapping[str, CodeWanted] = {}
    mend: Mapping[UUID, tuple[ToMend, ...]] = {}


class SlotForm(Struct, frozen=True, kw_only=True):
    """One slot on the form."""

    code: str
    name: str
    points: tuple[str, ...]
    required: bool
    is_signed: bool
    video_hint: str
    """How long and large a video may be, where one is taken."""
    by_platform: bool
    complete: bool
    from_records: bool
    is_computed: bool
    """Nothing is in it and nothing need be: it follows from other slots."""
    example: Markup
    page: SlotPage
    """What the automatic check says of its files."""
    one_time: CodeWanted | None
    files: tuple[FileShown, ...]
    notes: tuple[NoteShown, ...]
    declaration: str
    """The words to sign, when this slot is signed and not signed yet."""

    @property
    def is_extra_record(self) -> bool:
        """The platform's own record that nobody asked for: shown together with the others, nothing to fill in."""
        return (
            not self.required and not self.files and self.from_records and all(it.kind == "record" for it in self.notes)
        )


@dataclass(frozen=True, slots=True)
class OpenClaim:
    """A claim whose evidence the buyer may change, and the round the change belongs to."""

    claim: ClaimRow
    round: int


async def claim_open_for_evidence(tx: Tx, visit: Visit, claim_no: str) -> OpenClaim:
    """The buyer's claim, if evidence may be changed now. Raises NotFound, MoveNotAllowed."""
    claim = await load_claim(tx, visit.signed_in_buyer(), claim_no)
    if claim.state not in OPEN_FOR_EVIDENCE:
        raise MoveNotAllowed(state=claim.state.value, move=Move.ANSWER.value)
    return OpenClaim(claim, claim.round + 1 if claim.state is State.REJECTED else claim.round)


async def put_picture(visit: Visit, claim_no: str, *, slot: str, upload: UploadFile) -> Taken:
    """Take a picture or video from a plain form: checked and rebuilt outside any transaction, then one row.

    Raises the gate's and the slots' refusals.
    """
    async with visit.as_buyer() as tx:
        opened = await claim_open_for_evidence(tx, visit, claim_no)
        await ensure_room(tx, opened.claim.id, slot=slot)
    wanted = slot_by_code(slot)
    most = upload_bytes_max(wanted)
    data = await upload.read(most + 1)
    if len(data) > most:
        raise FileTooLarge(max_mib=most // MIB)
    kept = await keep_file(visit.house.files, visit.platform.id, data, slot=wanted, scanner=visit.house.scanner)
    async with visit.as_buyer() as tx:
        opened = await claim_open_for_evidence(tx, visit, claim_no)
        file_id = await add_file(
            tx, opened.claim.id, slot=slot, round=opened.round, kept=kept, file_name=upload.filename or ""
        )
    return Taken(file_id, kept.problems)


async def get_code(tx: Tx, visit: Visit, claim_no: str, *, slot: str) -> None:
    """Issue the one-time code of a slot, or keep the one that is good. Raises NotFound, MoveNotAllowed, UnknownSlot."""
    opened = await claim_open_for_evidence(tx, visit, claim_no)
    await issue_code(tx, opened.claim.id, slot=slot)


async def sign_declaration(tx: Tx, visit: Visit, claim_no: str, *, whole: ClaimPage, name: str) -> None:
    """Put the buyer's name under 未使用声明, with the policy version it was signed under. Raises NameMissing."""
    opened = await claim_open_for_evidence(tx, visit, claim_no)
    published = whole.judgement.published
    await add_note(
        tx,
        opened.claim.id,
        slot=SlotCode.UNUSED_DECLARATION.value,
        round=opened.round,
        text=declaration_words(visit.lang, whole),
        signature=Signature(name=name, policy_version=_label(published), policy_hash=_hash(published)),
    )


async def take_back_evidence(tx: Tx, visit: Visit, claim_no: str, *, what: str) -> None:
    """Remove one picture or note that was not handed in yet; `what` is file:<id> or note:<id>."""
    opened = await claim_open_for_evidence(tx, visit, claim_no)
    form, _, raw = what.partition(":")
    try:
        item = UUID(raw)
    except ValueError:
        return
    if form == "file":
        await remove_file(tx, opened.claim.id, file_id=item)
    elif form == "note":
        await remove_note(tx, opened.claim.id, note_id=item)


def slot_forms(lang: Lang, whole: ClaimPage, filling: Filling) -> tuple[SlotForm, ...]:
    """The list to fill in, required first."""
    since = _since(whole)
    asked = frozenset(whole.request.slots) if whole.request else frozenset[str]()
    return tuple(_slot(lang, whole, view, filling, since=since, asked=asked) for view in whole.slots)


def count_records(slots: tuple[SlotForm, ...]) -> int:
    """How many slots the platform's records fill that nobody asked for."""
    return sum(slot.is_extra_record for slot in slots)


def declaration_words(lang: Lang, whole: ClaimPage) -> str:
    """What the buyer signs."""
    return say(lang, "evidence.declaration.unused", order_no=whole.case.order_no, product=whole.case.title)


def _slot(
    lang: Lang, whole: ClaimPage, view: SlotView, filling: Filling, *, since: datetime, asked: frozenset[str]
) -> SlotForm:
    code = view.code.value
    is_signed = view.slot.kind is SlotKind.SIGNED_WORDS
    is_computed = not view.complete and code in whole.judgement.have
    state = slot_state(lang, code, view.files, filling.seen.found)
    # What was seen at once is said again, and better, once the picture was read.
    judged = {look.file_id for look in state.looks if not look.is_under_way}
    mine = [note for note in view.notes if note.source == Party.BUYER]
    fresh = (
        [*view.files, *view.notes] if not asked else [it for it in (*view.files, *view.notes) if it.added_at >= since]
    )
    return SlotForm(
        code=code,
        name=view.slot.name(lang),
        points=view.slot.visible(lang),
        required=view.code in asked or (view.required and not asked),
        is_signed=is_signed,
        video_hint=say(lang, "evidence_video.slot_hint", seconds=SECONDS_MAX, mib=VIDEO_BYTES_MAX // MIB)
        if view.slot.takes_video
        else "",
        by_platform=view.slot.supplier is Supplier.PLATFORM,
        complete=bool(fresh) if view.code in asked else view.complete or is_computed,
        from_records=view.supplied_by_platform,
        is_computed=is_computed,
        one_time=None if state.shows_code else filling.codes.get(code),
        page=slot_page(whole.claim.claim_no, state, filling.seen),
        example=Markup(example_svg(view.slot, lang)),  # noqa: S704  drawn by us from our own words, which are escaped there
        files=tuple(
            FileShown(
                file=file,
                removable=file.source == Party.BUYER and file.added_at >= since,
                mend=filling.mend.get(file.id, ()) if file.id not in judged else (),
            )
            for file in view.files
        ),
        notes=tuple(
            NoteShown(
                id=note.id,
                kind=note.kind,
                words=note_words(lang, note),
                by=note.by_name,
                at=note.added_at,
                removable=note.source == Party.BUYER and note.added_at >= since,
                signed=signed_of(note),
            )
            for note in view.notes
        ),
        declaration=declaration_words(lang, whole) if is_signed and not mine else "",
    )


def _since(whole: ClaimPage) -> datetime:
    """What came after this can still be taken back."""
    if whole.request is not None:
        return whole.request.asked_at
    return whole.claim.round_filed_at or LONG_AGO


def _label(published: PublishedPolicy | None) -> str:
    return published.label if published else ""


def _hash(published: PublishedPolicy | None) -> bytes:
    return published.policy.content_hash if published else NO_POLICY_HASH
