"""Policies in the making: the states of a draft, who may move it, and every 'no' on the way. Pure values, no driver."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from huiliu.kit.errors import Conflict, Refusal

NOTE_CHARS_MAX = 500
REPORT_BYTES_MAX = 64 * 1024
"""What may be kept of the checks that were seen at proposal."""
REPLACES = "replaces"
"""Where a proposal's report names the version it was compared with: the one in force until it starts."""
DRAFTS_OPEN_MAX = 50
"""Drafts of one platform that are neither published nor discarded."""
EFFECTIVE_AHEAD_DAYS_MAX = 366
"""A version that starts later than this is a slip of the pen."""
SAVES_KEPT_MAX = 50
"""Earlier texts of one draft."""


class DraftState(StrEnum):
    """Where a draft is."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    PUBLISHED = "published"
    DISCARDED = "discarded"


class DraftMove(StrEnum):
    """What happens to a draft."""

    SAVE = "save"
    PROPOSE = "propose"
    TAKE_BACK = "take_back"
    RETURN = "return"
    APPROVE = "approve"
    DISCARD = "discard"


MOVES: dict[tuple[DraftState, DraftMove], DraftState] = {
    (DraftState.DRAFT, DraftMove.SAVE): DraftState.DRAFT,
    (DraftState.DRAFT, DraftMove.PROPOSE): DraftState.PROPOSED,
    (DraftState.DRAFT, DraftMove.DISCARD): DraftState.DISCARDED,
    (DraftState.PROPOSED, DraftMove.TAKE_BACK): DraftState.DRAFT,
    (DraftState.PROPOSED, DraftMove.RETURN): DraftState.DRAFT,
    (DraftState.PROPOSED, DraftMove.APPROVE): DraftState.PUBLISHED,
}
"""Every move there is."""

OPEN = frozenset({DraftState.DRAFT, DraftState.PROPOSED})


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A policy in the making. `source` is the text as typed, which need not be readable; `version` is what to send back."""

    id: UUID
    state: DraftState
    version: int
    label: str
    """As the text last read; '' while it never did."""
    name: str
    source: str
    save_no: int
    base_policy_id: UUID | None
    """The published version it started from."""
    effective_from: datetime | None
    """None: from the moment of approval."""
    created_by: UUID
    created_by_name: str
    created_at: datetime
    edited_by: UUID
    edited_by_name: str
    edited_at: datetime
    proposed_by: UUID | None = None
    proposed_by_name: str = ""
    proposed_at: datetime | None = None
    note: str = ""
    """The proposer's word to the second person, or theirs on returning it."""
    report: dict[str, object] | None = None
    """What was checked when it was proposed."""
    approved_by: UUID | None = None
    approved_by_name: str = ""
    published_policy_id: UUID | None = None
    authors: tuple[UUID, ...] = ()
    """Whoever wrote a text of it: none of them may approve it."""

    @property
    def replaces(self) -> UUID | None:
        """The version in force until it starts, as it stood at the proposal."""
        named = (self.report or {}).get(REPLACES)
        return UUID(named) if isinstance(named, str) else None

    def may_approve(self, staff_id: UUID) -> bool:
        """Whether this person is a second one: neither the proposer nor anybody who wrote a text of it."""
        return staff_id != self.proposed_by and staff_id not in self.authors

    def may_return(self, staff_id: UUID) -> bool:
        """Whether this person is somebody else than the proposer, who takes it back instead."""
        return staff_id != self.proposed_by

    def may_move(self, move: DraftMove) -> bool:
        """Whether its state has this move."""
        return (self.state, move) in MOVES


class TwoPeople(msgspec.Struct, frozen=True, kw_only=True):
    """Who proposed and who approved the version that a draft becomes."""

    draft_id: UUID
    proposer_id: UUID
    proposer: str
    approver_id: UUID
    approver: str


class Save(msgspec.Struct, frozen=True, kw_only=True):
    """One kept text of a draft, by its number; `repeats` is the earlier save that an undo went back to, else its own."""

    save_no: int
    repeats: int
    saved_by_name: str
    saved_at: datetime


class DraftChanged(Conflict):
    """Somebody else saved, proposed or decided meanwhile: look again."""

    code = "drafts.changed"


class DraftElsewhere(Conflict):
    """The draft is in a state that has no such step. facts: state."""

    code = "drafts.elsewhere"


class OwnWork(Refusal):
    """Whoever proposed a version, or wrote any of it, does not also approve it."""

    code = "drafts.own_work"
    status = 403
    constraint = "policy_draft_one_part"


class OwnProposal(Refusal):
    """The second person is somebody else than the proposer; the proposer takes it back instead."""

    code = "drafts.own_proposal"
    status = 403
    constraint = "policy_draft_two_people"


class NotProposer(Refusal):
    """Only the proposer takes a proposal back; others return it. facts: name."""

    code = "drafts.not_proposer"
    status = 403


class DraftTooLong(Refusal):
    """The text is longer than any policy file may be. facts: limit."""

    code = "drafts.too_long"
    status = 413


class DraftUnstorable(Refusal):
    """The text holds a character that no text file has."""

    code = "drafts.unstorable"
    status = 422


class NoteMalformed(Refusal):
    """The note is too long or holds unprintable characters. facts: limit."""

    code = "drafts.note"
    status = 422


class ReportTooLong(Refusal):
    """The report handed in is larger than what is kept. facts: limit."""

    code = "drafts.report"
    status = 422


class TooManyDrafts(Refusal):
    """The platform has as many open drafts as it may have. facts: limit."""

    code = "drafts.too_many"
    status = 409


class NothingToUndo(Refusal):
    """There is no earlier text, or it is no longer kept."""

    code = "drafts.nothing_to_undo"
    status = 409


class Blocked(Refusal):
    """The checks found errors with which nothing is published. facts: count, what (a finding's code), clauses."""

    code = "drafts.blocked"
    status = 422


class GoldenFails(Refusal):
    """A golden case comes out differently than it should. facts: count, name."""

    code = "drafts.golden_fails"
    status = 422


class AlreadyPublished(Refusal):
    """Exactly this content is a published version. facts: label."""

    code = "drafts.already_published"
    status = 409


class LabelTaken(Refusal):
    """Another version carries this label, and two texts under one name help nobody. facts: label."""

    code = "drafts.label_taken"
    status = 409


class EffectivePassed(Refusal):
    """The proposed effective time passed before anybody approved. facts: effective_from."""

    code = "drafts.effective_passed"
    status = 409


class Overtaken(Refusal):
    """Another version was published since the proposal was compared with the one before it. facts: label."""

    code = "drafts.overtaken"
    status = 409


class EffectiveFar(Refusal):
    """The effective time is so far ahead that it must be a slip. facts: days."""

    code = "drafts.effective_far"
    status = 422


class TwoInstants(Refusal):
    """The file names another effective time than the one it is proposed with. facts: effective_from (the file's)."""

    code = "drafts.two_instants"
    status = 422
