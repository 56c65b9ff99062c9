"""凭证核验: one file of a claim with everything the check found, drawn on the picture, and the way to lay it before colleagues."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct

from huiliu.claims.page import ClaimPage, claim_page
from huiliu.evidence.checks.words import field_words, page_words, reason_words, verdict_meaning
from huiliu.evidence.inspection.model import Check, Container, Inspection, Verdict
from huiliu.evidence.model import FileRow, Party
from huiliu.evidence.reads import load_file
from huiliu.evidence.suspicion.actions import open_suspicion
from huiliu.evidence.suspicion.model import NOTE_MAX, State, Suspicion, contradictions
from huiliu.evidence.suspicion.reads import suspicions_of_claim
from huiliu.evidence.verification.model import FileInspection
from huiliu.evidence.verification.reads import inspection_of
from huiliu.kit.db import Tx
from huiliu.kit.errors import NotFound, Refusal
from huiliu.kit.text import Lang, has_words, say
from huiliu.people.model import Permission, Staff
from huiliu.web.buyer.timeline import slot_name
from huiliu.web.desk.claims import CLAIM_NO_MAX, check_theirs
from huiliu.web.desk.desk import Desk, at_desk, desk_of
from huiliu.web.desk.looking import (
    CheckRow,
    Chip,
    FieldShown,
    ReuseShown,
    check_row,
    check_rows,
    chip_of,
    field_rows,
    reuse_rows,
)
from huiliu.web.desk.overlay import Overlay, overlay_of
from huiliu.web.form import HttpRequest, read_form
from huiliu.web.page import Notice, notice_of, see, show
from huiliu.web.visit import FromVisit, Visit

CHECK_NAME_MAX = 60
SCENES_SHOWN_MAX = 12
STEPS_SHOWN_MAX = 12


class Choice(Struct, frozen=True, kw_only=True):
    """A check that a suspicion may rest on."""

    name: str
    row: CheckRow
    is_on: bool


class Suspect(Struct, frozen=True, kw_only=True):
    """The form 提出疑点, or why there is none: a code under desk_evidence.no_suspicion."""

    choices: tuple[Choice, ...]
    why_not: str
    typed: str


class Scene(Struct, frozen=True, kw_only=True):
    """One stable scene of a video, with what was found in it."""

    number: int
    seconds: str
    page: str
    overlay: Overlay
    fields: tuple[FieldShown, ...]
    chip: str


class Fact(Struct, frozen=True):
    """One line about the file, the picture or the check itself."""

    name: str
    value: str
    is_doubt: bool = False


class FileShown(Struct, frozen=True, kw_only=True):
    """The page."""

    desk: Desk
    claim_no: str
    file: FileRow
    slot: str
    seen: FileInspection | None
    chip: Chip | None
    meaning: str
    page_name: str
    atlas: str
    reasons: tuple[str, ...]
    overlay: Overlay | None
    checks: tuple[CheckRow, ...]
    fields: tuple[FieldShown, ...]
    missing: tuple[str, ...]
    quality: tuple[Fact, ...]
    container: tuple[Fact, ...]
    timings: tuple[Fact, ...]
    reuses: tuple[ReuseShown, ...]
    scenes: tuple[Scene, ...]
    video_problems: tuple[str, ...]
    suspicions: tuple[Suspicion, ...]
    suspect: Suspect
    neighbours: tuple[FileRow, ...]
    notice: Notice | None
    note_max: int = NOTE_MAX


@get("/{slug:str}/desk/claims/{claim_no:str}/files/{file_id:uuid}")
async def file_page(visit: FromVisit, claim_no: FromPath[str], file_id: FromPath[UUID]) -> Response[bytes]:
    """One file whole."""
    return await _show(visit, at_desk(visit), claim_no, file_id)


@post("/{slug:str}/desk/claims/{claim_no:str}/files/{file_id:uuid}/suspicion", status_code=303)
async def suspect(
    request: HttpRequest, visit: FromVisit, claim_no: FromPath[str], file_id: FromPath[UUID]
) -> Response[bytes] | Redirect:
    """Lay the file before colleagues, resting on one check. A refusal keeps what was typed."""
    staff = at_desk(visit, Permission.REVIEW)
    form = await read_form(request)
    typed = form.typed()
    try:
        check, note = form.text("check", chars_max=CHECK_NAME_MAX), form.text("note")
        async with visit.as_staff() as tx:
            await _load(tx, staff, claim_no, file_id)
            opened = await open_suspicion(tx, staff, file_id, keyring=visit.house.keyring, check=check, note=note)
    except Refusal as no:
        if no.status == 404:
            raise
        return await _show(visit, staff, claim_no, file_id, typed=typed, no=no)
    return see(visit.url("desk", "suspicions", str(opened)) + "?done=opened")


async def _load(tx: Tx, staff: Staff, claim_no: str, file_id: UUID) -> tuple[ClaimPage, FileRow]:
    """The claim as this person may see it, and a live file of this very claim. Raises NotFound, NotAllowed."""
    whole = await claim_page(tx, staff, claim_no[:CLAIM_NO_MAX])
    check_theirs(staff, whole)
    file = await load_file(tx, file_id)
    if file.claim_id != whole.claim.id:
        raise NotFound
    return whole, file


async def _show(
    visit: Visit,
    staff: Staff,
    claim_no: str,
    file_id: UUID,
    *,
    typed: dict[str, str] | None = None,
    no: Refusal | None = None,
) -> Response[bytes]:
    async with visit.as_staff() as tx:
        whole, file = await _load(tx, staff, claim_no, file_id)
        found = await inspection_of(tx, [file_id], keyring=visit.house.keyring, is_for_staff=True)
        laid = await suspicions_of_claim(tx, staff, whole.claim.id)
    lang, seen = visit.lang, found.get(file_id)
    inspected = None if seen is None else seen.inspection
    here = tuple(it for it in laid if it.file_id == file_id)
    result = None if seen is None else seen.result
    page = FileShown(
        desk=desk_of(visit, "queue"),
        claim_no=whole.claim.claim_no,
        file=file,
        slot=slot_name(lang, file.slot),
        seen=seen,
        chip=chip_of(seen),
        meaning=verdict_meaning(lang, seen.verdict) if seen and seen.verdict else "",
        page_name=page_words(lang, seen.page) if seen and seen.page else "",
        atlas=inspected.atlas if inspected else "",
        reasons=tuple(reason_words(lang, it) for it in (seen.reasons if seen else ())),
        overlay=overlay_of(lang, inspected) if inspected and not file.is_video else None,
        checks=check_rows(lang, inspected.checks) if inspected else (),
        fields=field_rows(lang, inspected) if inspected else (),
        missing=tuple(field_words(lang, it.value) for it in (inspected.missing if inspected else ())),
        quality=_quality(lang, inspected) if inspected else (),
        container=_container(lang, inspected.container) if inspected else (),
        timings=_timings(lang, inspected) if inspected else (),
        reuses=reuse_rows(lang, result.extra.reuses) if result else (),
        scenes=_scenes(lang, result.extra.frames, result.extra.frame_seconds) if result else (),
        video_problems=tuple(_video_problem(lang, it) for it in (result.extra.video_problems if result else ())),
        suspicions=here,
        suspect=_suspect(lang, staff, whole, file=file, inspected=inspected, laid=here, typed=typed or {}),
        neighbours=tuple(it for slot in whole.slots for it in slot.files),
        notice=notice_of(lang, no) if no else None,
    )
    return show(visit, "desk/file.html", page, status=no.status if no else 200)


def _suspect(
    lang: Lang,
    staff: Staff,
    whole: ClaimPage,
    *,
    file: FileRow,
    inspected: Inspection | None,
    laid: Sequence[Suspicion],
    typed: dict[str, str],
) -> Suspect:
    """What a suspicion could rest on: never the pixels."""
    against = () if inspected is None else contradictions(inspected)
    choices = tuple(_choice(lang, check, typed.get("check", "")) for check in _once(against))
    why_not = ""
    if not staff.may(Permission.REVIEW):
        why_not = "not_allowed"
    elif any(it.state is not State.DISMISSED for it in laid):
        why_not = "already"
    elif file.source != Party.BUYER:
        why_not = "not_the_buyers"
    elif inspected is None:
        why_not = "not_inspected"
    elif not choices or inspected.verdict is not Verdict.CONTRADICTED:
        why_not = "pixels_only" if inspected.findings else "no_contradiction"
    elif whole.claim.contact_hash is None:
        why_not = "nobody"
    return Suspect(choices=choices, why_not=why_not, typed=typed.get("note", ""))


def _once(checks: Sequence[Check]) -> tuple[Check, ...]:
    """A suspicion rests on the first check of a name, so only that one is offered."""
    return tuple({check.name: check for check in reversed(checks)}.values())[::-1]


def _choice(lang: Lang, check: Check, chosen: str) -> Choice:
    return Choice(name=check.name, row=check_row(lang, check), is_on=check.name == chosen)


def _quality(lang: Lang, seen: Inspection) -> tuple[Fact, ...]:
    quality = seen.quality
    kind = "screenshot" if quality.is_screenshot else "photo"
    problems = [f"evidence_look.problem.{it}.title" for it in quality.problems]
    return (
        Fact(say(lang, "desk_evidence.fact.size"), f"{quality.width} × {quality.height}"),
        Fact(say(lang, "desk_evidence.fact.kind"), say(lang, f"desk_evidence.kind.{kind}")),
        Fact(say(lang, "desk_evidence.fact.sharpness"), f"{quality.sharpness:.2f}", quality.sharpness < 0.5),
        *(Fact(say(lang, "desk_evidence.fact.problem"), say(lang, key), True) for key in problems if has_words(key)),
    )


def _container(lang: Lang, container: Container) -> tuple[Fact, ...]:
    """Hints, and said to be: each can be stripped or written by anybody."""
    yes = say(lang, "desk_evidence.yes")
    flags = [f"evidence_look.flag.{it}.title" for it in container.flags]
    facts = (
        ("media_type", container.media_type, False),
        ("jpeg_quality", "" if container.jpeg_quality is None else str(container.jpeg_quality), False),
        ("progressive", yes if container.is_progressive else "", False),
        ("software", container.software[:80], container.has_editor_traces),
        ("editor", yes if container.has_editor_traces else "", True),
        ("taken_at", container.taken_at[:40], False),
        ("location", yes if container.has_location else "", False),
        ("metadata", yes if container.has_metadata else "", False),
        ("trailing", str(container.trailing_bytes) if container.trailing_bytes else "", True),
    )
    told = [Fact(say(lang, f"desk_evidence.fact.{name}"), value, doubt) for name, value, doubt in facts if value]
    told += [Fact(say(lang, "desk_evidence.fact.flag"), say(lang, key), True) for key in flags if has_words(key)]
    return tuple(told)


def _timings(lang: Lang, seen: Inspection) -> tuple[Fact, ...]:
    shown: list[Fact] = []
    for step, spent in list(seen.timings.items())[:STEPS_SHOWN_MAX]:
        key = f"desk_evidence.timing.{step}"
        shown.append(Fact(say(lang, key) if has_words(key) else step, f"{spent:.0f} ms"))
    return tuple(shown)


def _scenes(lang: Lang, frames: Sequence[Inspection], seconds: Sequence[float]) -> tuple[Scene, ...]:
    return tuple(
        Scene(
            number=at,
            seconds=f"{second:.1f}",
            page=page_words(lang, frame.page),
            overlay=overlay_of(lang, frame, prefix=f"s{at}-"),
            fields=field_rows(lang, frame),
            chip=frame.verdict.value,
        )
        for at, (frame, second) in enumerate(zip(frames, seconds, strict=False), 1)
    )[:SCENES_SHOWN_MAX]


def _video_problem(lang: Lang, code: str) -> str:
    key = f"evidence_video.problem.{code}"
    return say(lang, key) if has_words(key) else code


handlers = (file_page, suspect)
