"""What stands under a signed declaration: who, when, under which policy, and the hashes that hold it. Pure."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import Struct

from huiliu.evidence.model import NoteKind, NoteRow

HASH_SHOWN = 12
"""Hexadecimal digits: enough to compare by eye, the whole is in the record."""


class Signed(Struct, frozen=True, kw_only=True):
    """One signature."""

    name: str
    at: datetime
    policy_version: str
    policy_hash: str
    words_hash: str
    is_intact: bool
    """The words still have the hash they were signed with."""


class _Facts(Struct, frozen=True):
    name: str
    signed_at: datetime
    policy_version: str = ""
    policy_hash: str = ""


def signed_of(note: NoteRow) -> Signed | None:
    """The signature of a declaration; None for any other note, and for facts of another release."""
    if note.kind != NoteKind.DECLARATION:
        return None
    try:
        facts = msgspec.json.decode(note.facts, type=_Facts)
    except msgspec.MsgspecError:
        return None
    return Signed(
        name=facts.name,
        at=facts.signed_at,
        policy_version=facts.policy_version,
        policy_hash=facts.policy_hash[:HASH_SHOWN],
        words_hash=note.sha256.hex()[:HASH_SHOWN],
        is_intact=note.is_intact,
    )
