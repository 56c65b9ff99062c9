"""Evidence in words: files and notes in named slots, who gave them, and every 'no' on the way in. Pure, no driver."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

import msgspec

from huiliu.evidence.slots import Slot, SlotCode
from huiliu.journal.model import canonical

Digest: TypeAlias = bytes
"""A SHA-256. Named so that a row with a field called `bytes` can still say what its digests are."""

FILES_PER_SLOT_MAX = 6
FILES_PER_CLAIM_MAX = 24
"""Per party, so that nobody can use up the other side's room. Material asked for later still fits: a round adds few."""
FILES_EVER_MAX = 96
"""Per party and claim, removed ones included: taking away and adding again must end somewhere."""
BYTES_PER_CLAIM_MAX = 160 * 1024 * 1024
"""Per party, of the shown copies."""
NOTES_PER_CLAIM_MAX = 40
UPLOADS_OPEN_MAX = 6
"""Resumable uploads of one party that may be under way on one claim."""
UPLOAD_HOURS_MAX = 24
"""A resumable upload that is not finished by then is forgotten."""
FILE_NAME_MAX = 120
WORDS_MAX = 4000
SIGNER_NAME_MAX = 40
LISTED_MAX = 200
"""No list of one claim's evidence is longer: both parties' files fit."""


class Party(StrEnum):
    """Whose evidence it is: only the same party may take it back."""

    BUYER = "buyer"
    STAFF = "staff"
    PLATFORM = "platform"


class NoteKind(StrEnum):
    """Words the buyer signed, words somebody of the platform wrote, or what the platform's records say by themselves."""

    DECLARATION = "declaration"
    STATEMENT = "statement"
    RECORD = "record"


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A picture or video that passed the gate and lies in the files store: its shown copy and its sealed original."""

    sha256: Digest
    original_sha256: Digest
    media_type: str
    size: int
    width: int
    height: int
    trailing_bytes: int = 0
    """Bytes that followed the end of the uploaded picture: a hint for experts, nothing of it is shown."""
    problems: tuple[str, ...] = ()
    """What its sender should mend (`look.problems`), told at once; the picture is taken all the same."""
    poster_sha256: Digest | None = None
    """Of a video: one sharp frame as a picture, shown before it plays and where it cannot."""


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """Who put their name under a declaration, and under which policy version. The time is the transaction's."""

    name: str
    policy_version: str
    policy_hash: bytes


class FileRow(msgspec.Struct, frozen=True, kw_only=True):
    """One live file of a claim, as pages and the API show it."""

    id: UUID
    claim_id: UUID
    slot: str
    round: int
    source: str
    media_type: str
    sha256: Digest
    size: int
    width: int
    height: int
    file_name: str
    by_name: str
    added_at: datetime
    poster_sha256: Digest | None = None

    @property
    def is_video(self) -> bool:
        """Whether it plays."""
        return self.media_type.startswith("video/")


class NoteRow(msgspec.Struct, frozen=True, kw_only=True):
    """One live note of a claim. `facts` is canonical JSON; `is_intact` recomputes the hash over words and facts."""

    id: UUID
    claim_id: UUID
    slot: str
    round: int
    source: str
    kind: str
    words: str
    facts: str
    sha256: Digest
    by_name: str
    added_at: datetime

    @property
    def is_intact(self) -> bool:
        """Whether what is shown is what was signed or recorded."""
        return note_hash(self.slot, self.words, self.facts) == self.sha256


class SlotView(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the evidence list: what is wanted and what is there."""

    slot: Slot
    required: bool
    files: tuple[FileRow, ...]
    notes: tuple[NoteRow, ...]

    @property
    def complete(self) -> bool:
        """Something is in the slot. Whether it proves anything is the reviewer's to say."""
        return bool(self.files or self.notes)

    @property
    def supplied_by_platform(self) -> bool:
        """The platform's own records are already here, so the buyer need not prove it."""
        return any(note.kind == NoteKind.RECORD for note in self.notes)

    @property
    def code(self) -> SlotCode:
        """The slot's code, as policies name it."""
        return self.slot.code


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A resumable upload under way: `bytes_got` is where the sender goes on."""

    id: UUID
    claim_id: UUID
    slot: str
    source: str
    file_name: str
    bytes_total: int
    bytes_got: int
    created_at: datetime
    expires_at: datetime

    @property
    def is_complete(self) -> bool:
        """Every byte has come; `finish` may turn it into a file."""
        return self.bytes_got == self.bytes_total


def note_facts(facts: Mapping[str, object]) -> str:
    """The one way facts are written down, so that their hash can be recomputed anywhere."""
    return canonical(facts)


def note_hash(slot: str, words: str, facts: str) -> bytes:
    """SHA-256 over slot, words and facts: a signed declaration cannot be reworded later."""
    return hashlib.sha256(canonical({"slot": slot, "words": words, "facts": facts}).encode()).digest()


def tidy_name(name: str) -> str:
    """A file's name without folders and control characters, short enough to store; only ever shown, never opened."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(letter for letter in base if letter.isprintable()).strip()[-FILE_NAME_MAX:]
