"""A decision that is being written: what was typed, what it would do, and whether it was done already."""

from __future__ import annotations

import re

from msgspec import Struct

from huiliu.claims.actions import ask_buyer, ask_platform, confirm, decide, prove, return_to_review, take
from huiliu.claims.actions.common import claim_at_version
from huiliu.claims.allowed import Do
from huiliu.claims.model import Decision, DecisionIncomplete, DecisionKind, RejectReason
from huiliu.evidence.actions import add_note
from huiliu.evidence.slots import SlotCode
from huiliu.journal.reads import Event
from huiliu.kit.db import Tx
from huiliu.kit.errors import Invalid
from huiliu.kit.money import parse_minor
from huiliu.kit.text import Lang
from huiliu.people.model import Staff
from huiliu.web.form import Form

PANELS: dict[str, Do] = {
    "approve": Do.APPROVE,
    "part": Do.APPROVE,
    "reject": Do.REJECT,
    "ask_buyer": Do.ASK_BUYER,
    "ask_platform": Do.ASK_PLATFORM,
    "prove": Do.PROVE,
    "confirm": Do.CONFIRM,
    "return": Do.RETURN,
    "take": Do.TAKE,
}
"""Every form of the decision bar and the action it is."""

PREVIEWED = frozenset({"approve", "part", "reject", "ask_buyer", "ask_platform", "confirm"})
"""What the buyer reads something of: shown before it is done."""

DONE_BY: dict[str, frozenset[str]] = {
    "approve": frozenset({"claim.approved", "claim.proposed"}),
    "part": frozenset({"claim.approved", "claim.proposed"}),
    "reject": frozenset({"claim.rejected"}),
    "ask_buyer": frozenset({"claim.asked_buyer"}),
    "ask_platform": frozenset({"claim.asked_platform"}),
    "prove": frozenset({"claim.proven"}),
    "confirm": frozenset({"claim.confirmed"}),
    "return": frozenset({"claim.returned"}),
    "take": frozenset({"claim.taken"}),
}
"""What the journal says afterwards: how a second press of the same button is told from a colleague's."""

UNRESOLVED = re.compile(r"[{｛]\s*\w+\s*[}｝]")
"""A placeholder of a ready sentence that nobody filled in."""
SLOTS_MAX = 20
TYPED_MAX = 4_000
CLAUSE_MAX = 60
"""A clause is named by its number; without a policy in force, by a few words."""


class Draft(Struct, frozen=True, kw_only=True):
    """What one form of the decision bar carries, as typed; nothing of it is checked until it is performed."""

    panel: str
    version: str
    seen: str
    """The last line of the journal that the writer had seen."""
    amount: str = ""
    reason: str = ""
    clause: str = ""
    slots: tuple[str, ...] = ()
    words: str = ""
    note: str = ""
    read: Lang | None = None
    """In which language the preview is read."""
    view: str = ""


def read_draft(form: Form, panel: str) -> Draft:
    """Take a form as it is, so that nothing typed is ever lost to a refusal."""

    def typed(name: str) -> str:
        return form.fields.get(name, [""])[0].replace("\r\n", "\n").strip()[:TYPED_MAX]

    return Draft(
        panel=panel,
        version=typed("version"),
        seen=typed("seen"),
        amount=typed("amount"),
        reason=typed("reason"),
        clause=typed("clause"),
        slots=tuple(dict.fromkeys(form.all("slots")))[:SLOTS_MAX],
        words=typed("words"),
        note=typed("note"),
        read=next((lang for lang in Lang if lang.value == typed("read")), None),
        view=typed("view")[:40],
    )


async def perform(tx: Tx, staff: Staff, claim_no: str, draft: Draft) -> None:
    """Do what the draft says. Raises the actions' refusals, and Invalid for what cannot be read."""
    version = _version(draft)
    _check_words(draft)
    match PANELS[draft.panel]:
        case Do.APPROVE | Do.REJECT:
            await decide(tx, staff, claim_no, version=version, decision=decision_of(draft))
        case Do.ASK_BUYER:
            await ask_buyer(tx, staff, claim_no, version=version, slots=draft.slots, words=draft.words)
        case Do.ASK_PLATFORM:
            await ask_platform(tx, staff, claim_no, version=version, words=draft.words)
        case Do.PROVE:
            claim = await claim_at_version(tx, staff, claim_no, version)
            if draft.words:
                await add_note(tx, claim.id, slot=SlotCode.PLATFORM_PROOF.value, round=claim.round, text=draft.words)
            await prove(tx, staff, claim_no, version=version, words=draft.words)
        case Do.CONFIRM:
            await confirm(tx, staff, claim_no, version=version)
        case Do.RETURN:
            await return_to_review(tx, staff, claim_no, version=version, note=draft.note)
        case Do.TAKE:
            await take(tx, staff, claim_no, version=version)
        case _:
            raise Invalid(field="do", problem="not_readable")


def decision_of(draft: Draft) -> Decision:
    """The decision a form describes. Raises Invalid for the amount, DecisionIncomplete for an unknown reason."""
    if draft.panel == "reject":
        if draft.reason not in set(RejectReason):
            raise DecisionIncomplete(field="reason")
        return Decision(
            kind=DecisionKind.REJECT,
            reason=RejectReason(draft.reason),
            clause=draft.clause,
            missing=_known_slots(draft.slots),
            words=draft.words,
            note=draft.note,
        )
    is_part = draft.panel == "part"
    return Decision(
        kind=DecisionKind.PART if is_part else DecisionKind.APPROVE,
        amount_minor=_amount(draft.amount) if is_part else None,
        clause=draft.clause,
        words=draft.words,
        note=draft.note,
    )


def was_done(events: list[Event], staff: Staff, draft: Draft) -> bool:
    """Whether this very draft was carried out since its writer looked: the second click of a double click."""
    seen = int(draft.seen) if draft.seen.isascii() and draft.seen.isdigit() else None
    if seen is None:
        return False
    mine = (it for it in events if it.seq > seen and it.kind in DONE_BY[draft.panel] and it.actor_id == str(staff.id))
    return any(it.body.get("words", draft.words) == draft.words and _same_amount(it, draft) for it in mine)


def _version(draft: Draft) -> int:
    if not draft.version.isascii() or not draft.version.isdigit() or len(draft.version) > 9:
        raise Invalid(field="version", problem="not_a_number")
    return int(draft.version)


def _check_words(draft: Draft) -> None:
    if len(draft.clause) > CLAUSE_MAX:
        raise Invalid(field="clause", problem="text_too_long")
    for field, text in (("words", draft.words), ("note", draft.note), ("clause", draft.clause)):
        if any(ord(char) < 32 and char not in "\n\t" for char in text):
            raise Invalid(field=field, problem="control_characters")
    if UNRESOLVED.search(draft.words):
        raise Invalid(field="words", problem="unresolved")


def _known_slots(codes: tuple[str, ...]) -> tuple[str, ...]:
    if not set(codes) <= set(SlotCode):
        raise DecisionIncomplete(field="slots")
    return codes


def _amount(text: str) -> int:
    try:
        minor = parse_minor(text)
    except ValueError:
        raise Invalid(field="amount", problem="not_an_amount") from None
    if minor <= 0:
        raise Invalid(field="amount", problem="not_an_amount")
    return minor


def _same_amount(event: Event, draft: Draft) -> bool:
    if draft.panel != "part":
        return True
    try:
        return event.body.get("amount_minor") == _amount(draft.amount)
    except Invalid:
        return False
