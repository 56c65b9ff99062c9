"""The decision bar and the one form of it that is open. Buttons come from what is allowed, and nothing else."""

from __future__ import annotations

from msgspec import Struct, structs

from huiliu.claims.allowed import Allowed, Do
from huiliu.claims.model import RejectReason
from huiliu.claims.page import ClaimPage
from huiliu.evidence.slots import CATALOGUE, SlotCode, Supplier, suggested_slots
from huiliu.kit.text import Lang, has_words, say
from huiliu.policy.wording import clause_name
from huiliu.web.buyer.timeline import slot_name
from huiliu.web.desk.claim_view import DeskClaim
from huiliu.web.desk.draft import PANELS, Draft

READY_MAX = 6
KEYS = {"approve": "y", "part": "p", "reject": "d", "ask_buyer": "m", "take": "a", "confirm": "y", "return": "d"}
ORDER = ("take", "approve", "part", "reject", "ask_buyer", "ask_platform", "prove", "confirm", "return")


class Button(Struct, frozen=True, kw_only=True):
    """One button of the bar; `why_not` is a code under claims.why_not."""

    panel: str
    do: Do
    why_not: str
    key: str
    is_open: bool


class Option(Struct, frozen=True, kw_only=True):
    """Something to choose."""

    code: str
    name: str
    is_on: bool


class Ready(Struct, frozen=True):
    """A ready sentence: its key and what it says of this very case."""

    key: str
    words: str


class Panel(Struct, frozen=True, kw_only=True):
    """The open form."""

    do: Do
    draft: Draft
    reasons: tuple[Option, ...]
    clauses: tuple[Option, ...]
    slots: tuple[Option, ...]
    ready: tuple[Ready, ...]


def buttons(whole: ClaimPage, open_panel: str) -> tuple[Button, ...]:
    """The bar, in the order of use."""
    can = {it.do: it for it in whole.allowed}
    found: list[Button] = []
    for panel in ORDER:
        allowed = can.get(PANELS[panel])
        if allowed is not None:
            found.append(_button(panel, allowed, open_panel))
    return tuple(found)


def is_open_to(whole: ClaimPage, panel: str) -> bool:
    """Whether this form may be filled in now."""
    return any(it.is_now and it.do is PANELS.get(panel) for it in whole.allowed)


def fresh_draft(claim: DeskClaim, panel: str, *, view: str) -> Draft:
    """An empty form for the claim as it is now, with what the policy suggests filled in."""
    whole = claim.whole
    proposed = claim.verdict.proposed
    most = min(whole.claim.requested_minor, whole.case.left.amount_minor)
    part = proposed if proposed and proposed.amount_minor < most else None
    missing = whole.judgement.missing
    return Draft(
        panel=panel,
        version=str(whole.claim.version),
        seen=str(claim.last_seen),
        amount=part.major() if part else "",
        reason=RejectReason.EVIDENCE_MISSING.value if panel == "reject" and missing else "",
        clause=whole.judgement.clause_id,
        slots=missing if panel in {"reject", "ask_buyer"} else (),
        view=view,
    )


def open_form(lang: Lang, claim: DeskClaim, draft: Draft) -> Panel:
    """The form with what was typed, what can be chosen, and sentences that fit."""
    return Panel(
        do=PANELS[draft.panel],
        draft=draft,
        reasons=tuple(
            Option(code=it.value, name=say(lang, f"claims.reject_reason.{it.value}"), is_on=draft.reason == it.value)
            for it in RejectReason
        ),
        clauses=_clauses(lang, claim.whole, draft),
        slots=_slots(lang, claim.whole, draft),
        ready=_ready(lang, claim.whole, draft),
    )


def use_ready(lang: Lang, claim: DeskClaim, draft: Draft, key: str) -> Draft:
    """The draft with a ready sentence put behind what was typed."""
    words = next((it.words for it in _ready(lang, claim.whole, draft) if it.key == key), "")
    joined = f"{draft.words}\n{words}".strip() if words not in draft.words else draft.words
    return structs.replace(draft, words=joined)


def _button(panel: str, allowed: Allowed, open_panel: str) -> Button:
    return Button(
        panel=panel,
        do=allowed.do,
        why_not=allowed.why_not,
        key=KEYS.get(panel, "") if allowed.is_now else "",
        is_open=panel == open_panel,
    )


def _clauses(lang: Lang, whole: ClaimPage, draft: Draft) -> tuple[Option, ...]:
    published = whole.judgement.published
    if published is None:
        return ()
    return tuple(
        Option(code=it.id, name=f"{it.id} {clause_name(lang, it)}", is_on=draft.clause == it.id)
        for it in published.policy.clauses
    )


def _slots(lang: Lang, whole: ClaimPage, draft: Draft) -> tuple[Option, ...]:
    """Slots a buyer could fill: the clause's, what usually helps for this reason, and the rest."""
    wanted = (*whole.judgement.required, *suggested_slots(whole.claim.reason.value), *whole.judgement.optional)
    rest = (code.value for code in SlotCode)
    codes = dict.fromkeys((*draft.slots, *wanted, *rest))
    known = [code for code in codes if code in CATALOGUE and CATALOGUE[SlotCode(code)].supplier is Supplier.BUYER]
    return tuple(Option(code=code, name=slot_name(lang, code), is_on=code in draft.slots) for code in known)


def _ready(lang: Lang, whole: ClaimPage, draft: Draft) -> tuple[Ready, ...]:
    """Sentences of this form and reason with the case's own facts in them; one that lacks a fact is left out."""
    group = f"desk.ready.{draft.panel}"
    branch = draft.reason if draft.panel == "reject" else whole.claim.reason.value
    keys = [f"{group}.{name}.{n}" for name in (branch, "any") for n in range(1, READY_MAX + 1)]
    facts = _facts(lang, whole, draft)
    found: list[Ready] = []
    for key in keys:
        if has_words(key):
            words = say(lang, key, **facts)
            if "\0" not in words:
                found.append(Ready(key.removeprefix("desk.ready."), words))
    return tuple(found[:READY_MAX])


def _facts(lang: Lang, whole: ClaimPage, draft: Draft) -> dict[str, str]:
    """What a ready sentence may name. A fact that is not known here is marked, and its sentence is not offered."""
    case, comma = whole.case, say(lang, "web.list_comma")
    published = whole.judgement.published
    clause = published.policy.clause(draft.clause) if published and draft.clause else None
    lacking = comma.join(slot_name(lang, code) for code in draft.slots)
    return {
        "product": case.title,
        "order_no": case.order_no,
        "amount": str(whole.requested),
        "proposed": str(whole.judgement.proposed) if whole.judgement.proposed else "\0",
        "formula": whole.judgement.formula(lang) or "\0",
        "clause": f"{clause.id} {clause_name(lang, clause)}" if clause else "\0",
        "missing": lacking or "\0",
        "delivered": case.account_masked or "\0",
        "described": case.account_described or "\0",
        "usage": say(lang, f"web.usage.{case.usage_state}") if case.usage_state else "\0",
    }
