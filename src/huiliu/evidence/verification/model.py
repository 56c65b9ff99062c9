"""The inspection of one file as rows and pages know it: where it stands, what came of it, who may read what. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec
from msgspec import structs

from huiliu.evidence.inspection.model import Check, CheckVerdict, FieldName, Inspection, Verdict
from huiliu.evidence.reuse.keys import KeyKind
from huiliu.evidence.reuse.verdict import Reuse
from huiliu.people.contacts import mask

ATTEMPTS_MAX = 3
"""A file that killed or outlasted this many processes is left to a person."""
CLAIMS_SOURCE = "claims"
"""The source of checks against other claims and against what this page itself gave out, such as a one-time code."""
CLAIM_CHECKS = frozenset(
    {
        "trade_no_used",
        "trade_no_refunded",
        *(f"{kind.value}_reused" for kind in KeyKind),
    }
)
"""Checks that name other people's claims: staff read them, buyers never."""
HIDDEN_REASONS = frozenset({f"contradicts_{name}" for name in CLAIM_CHECKS} | {"pixels_doubtful"})
"""What would tell a buyer of other claims, or teach a forger."""
NOT_IDENTIFIED = "not_identified"
"""What a buyer reads instead of a reason that is only for staff."""
CODE_SLOT_DEFAULT = "platform_check"
CODE_HOURS = 24
"""How long a one-time code is good for: long enough to find the phone, short enough that no old picture shows it."""


class Step(StrEnum):
    """Where a file's inspection stands. Words under evidence_verification.step."""

    RECEIVED = "received"
    """收到: it waits for a worker."""
    READING = "reading"
    """读取: a worker decodes and reads it."""
    CHECKING = "checking"
    """核对: what was read is compared with the rail and with other claims."""
    DONE = "done"
    """完成: there is a verdict."""
    REFUSED = "refused"
    """It is somebody's private document: removed, its bytes destroyed, nothing of its text kept."""
    FAILED = "failed"
    """It could not be checked automatically; a person looks at it."""


UNDER_WAY = frozenset({Step.RECEIVED, Step.READING, Step.CHECKING})


class Problem(StrEnum):
    """Why there is no verdict. Words under evidence_verification.problem, what to do under .problem_next."""

    PRIVATE_DOCUMENT = "private_document"
    """An identity card or another document of a person: cover it, then hand in again."""
    UNREADABLE = "unreadable"
    """The sealed original cannot be opened or decoded any more."""
    TOO_HEAVY = "too_heavy"
    """Every attempt was killed or ran out of its time or memory."""
    BROKEN = "broken"
    """The inspection itself failed each time."""
    TAKEN_BACK = "taken_back"
    """Whoever handed it in took it back before it was read."""


class Extra(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a file beyond its Inspection; sealed together with it."""

    reuses: tuple[Reuse, ...] = ()
    """Other claims that show the same thing. For staff only."""
    frames: tuple[Inspection, ...] = ()
    """A video's stable scenes, each inspected like a picture; `inspection` is then their sum."""
    frame_seconds: tuple[float, ...] = ()
    """Where in the video each of `frames` is."""
    video_problems: tuple[str, ...] = ()
    """Codes such as still_as_video; words in evidence_video.toml."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """Everything found out about one file, as it is sealed in its row."""

    inspection: Inspection
    extra: Extra = Extra()


class FileInspection(msgspec.Struct, frozen=True, kw_only=True):
    """One file's inspection as a page shows it. `result` is there when it is done and was read with the keyring."""

    file_id: UUID
    claim_id: UUID
    slot: str
    state: Step
    attempts: int
    received_at: datetime
    reading_at: datetime | None
    checking_at: datetime | None
    finished_at: datetime | None
    verdict: Verdict | None
    page: str
    reasons: tuple[str, ...]
    signals: tuple[str, ...]
    """Codes of pixel findings; hints for staff, empty for buyers."""
    problem: Problem | None
    is_paid_by_rail: bool
    pipeline: str
    atlas_version: int | None
    profile: str
    result: Result | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether a page should look again in a moment."""
        return self.state in UNDER_WAY

    @property
    def inspection(self) -> Inspection | None:
        """The fields, checks and findings, when they were read."""
        return None if self.result is None else self.result.inspection


class ClaimSummary(msgspec.Struct, frozen=True, kw_only=True):
    """How a claim's live files stand, in numbers."""

    consistent: int = 0
    contradicted: int = 0
    unverifiable: int = 0
    retake: int = 0
    under_way: int = 0
    refused: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        """Every file that was ever to be inspected."""
        return sum(structs.astuple(self))


class OneTimeCode(msgspec.Struct, frozen=True, kw_only=True):
    """A code that the buyer shows in a picture or video, good for one claim and slot until `expires_at`."""

    id: UUID
    claim_id: UUID
    slot: str
    code: str
    issued_at: datetime
    expires_at: datetime
    used_by_file: UUID | None = None
    used_at: datetime | None = None


class AtlasState(StrEnum):
    """What became of one building of the atlas."""

    WANTED = "wanted"
    BUILDING = "building"
    READY = "ready"
    FAILED = "failed"


class AtlasStyle(msgspec.Struct, frozen=True, kw_only=True):
    """One size of text in a cluster."""

    height: float
    contrast: float
    pictures: int
    variants: dict[str, int]
    """How many shapes of each character are known."""
    samples: tuple[tuple[str, str], ...] = ()
    """(character, grey PNG in base64) of the best-known shape of some characters."""


class AtlasCluster(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of phone and theme. The same phone gets the same name in the next build."""

    name: str
    width: int
    heights: tuple[int, ...]
    is_dark: bool
    pictures: int
    digits_known: int
    styles: tuple[AtlasStyle, ...] = ()


class AtlasRow(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a platform's atlas."""

    version: int
    state: AtlasState
    wanted_at: datetime
    wanted_by: str
    built_at: datetime | None
    samples: int
    profiles: int
    glyphs: int


class RetiredCluster(msgspec.Struct, frozen=True, kw_only=True):
    """A cluster that is left out of every atlas until somebody restores it."""

    cluster: str
    retired_at: datetime
    retired_by: str


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """Trusted pictures of one kind of screen. False alarms: of those compared with an atlas, how many were accused."""

    profile: str
    live: int
    retired: int
    compared: int
    accused: int
    newest_at: datetime | None


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One trusted picture of the atlas."""

    file_id: UUID
    claim_id: UUID
    claim_no: str
    profile: str
    page: str
    signals: tuple[str, ...]
    added_at: datetime
    retired_at: datetime | None
    retired_by: str


class SignalAlarms(msgspec.Struct, frozen=True, kw_only=True):
    """How often one signal accused a picture whose payment the rail confirmed and that no record contradicts."""

    signal: str
    accused: int
    trusted: int

    @property
    def share(self) -> float:
        """The measured false-alarm rate, 0 when nothing was compared."""
        return self.accused / self.trusted if self.trusted else 0.0


def code_lifetime() -> timedelta:
    """How long a one-time code may be shown."""
    return timedelta(hours=CODE_HOURS)


def summary(inspections: Iterable[FileInspection]) -> ClaimSummary:
    """A claim's files in numbers."""
    counts: dict[str, int] = {}
    for each in inspections:
        name = "under_way" if each.is_under_way else (each.verdict or each.state).value
        counts[name] = counts.get(name, 0) + 1
    return ClaimSummary(**counts)


def for_buyer(found: FileInspection) -> FileInspection:
    """What the buyer may read: nothing of other people's claims, and no pixel signals, which teach a forger."""
    shown = structs.replace(found, signals=(), reasons=_reasons_for_buyer(found.reasons))
    if found.result is None:
        return shown
    extra = structs.replace(
        found.result.extra, reuses=(), frames=tuple(_for_buyer(frame) for frame in found.result.extra.frames)
    )
    return structs.replace(shown, result=Result(inspection=_for_buyer(found.result.inspection), extra=extra))


def _reasons_for_buyer(reasons: tuple[str, ...]) -> tuple[str, ...]:
    told = tuple(reason for reason in reasons if reason not in HIDDEN_REASONS)
    return told or (NOT_IDENTIFIED,) if reasons else ()


def _for_buyer(inspection: Inspection) -> Inspection:
    return structs.replace(
        inspection,
        reasons=_reasons_for_buyer(inspection.reasons),
        checks=tuple(_masked(check) for check in inspection.checks if check.name not in CLAIM_CHECKS),
        findings=(),
        lines=(),
    )


def _masked(check: Check) -> Check:
    """Who looked an order up by its number has not proved to be its buyer: the account on record stays masked."""
    return structs.replace(check, expected=mask(check.expected)) if check.field is FieldName.ACCOUNT else check


def contradictions(inspection: Inspection) -> tuple[Check, ...]:
    """The checks that say otherwise."""
    return tuple(check for check in inspection.checks if check.verdict is CheckVerdict.CONTRADICTS)
