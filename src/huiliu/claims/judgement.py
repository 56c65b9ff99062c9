"""The policy's answer to a case, in the terms claims act on."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import structs

from huiliu.claims.case import Case
from huiliu.claims.model import Reason
from huiliu.deadlines.model import Length, Lengths, Unit
from huiliu.deadlines.reads import working_calendar
from huiliu.kit.db import Tx
from huiliu.kit.money import Money
from huiliu.kit.text import Lang
from huiliu.orders.model import ProductKind
from huiliu.policy.amount import Amount, OrderMoney, Used, formula, refund_amount
from huiliu.policy.evaluate import judge
from huiliu.policy.explain import advice_words, advise
from huiliu.policy.facts import to_facts
from huiliu.policy.model import CaseFacts, Flag, Limits, Outcome, Period, PublishedPolicy, Verdict
from huiliu.policy.reads import load_policy


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What the version in force when the order was placed says of this case now. `verdict` None: no version was in force."""

    published: PublishedPolicy | None
    verdict: Verdict | None
    case_facts: CaseFacts
    amount: Amount | None
    paid_minor: int
    alone_most_minor: int
    """Above this, what the policy gives waits for people: two of them."""
    lengths: Lengths
    attempts_max: int
    have: frozenset[str] = frozenset()
    """The evidence slots that are filled."""
    needs_person: bool = False
    """Whatever the policy says, a person decides; the buyer is not told why."""

    @property
    def policy_id(self) -> UUID | None:
        """The version's row."""
        return None if self.published is None else self.published.id

    @property
    def policy_label(self) -> str:
        """The version as the platform names it."""
        return "" if self.published is None else self.published.label

    @property
    def proposed(self) -> Money | None:
        """What the clause gives, or None when it gives nothing or nobody has the measure it needs."""
        return None if self.amount is None else self.amount.refund

    def formula(self, lang: Lang) -> str:
        """The arithmetic in words, or ''."""
        return "" if self.amount is None else formula(lang, self.amount)

    @property
    def outcome(self) -> str:
        """full, part, cooling, person or reject; without a policy, a person decides."""
        return Outcome.PERSON.value if self.verdict is None else self.verdict.outcome.value

    @property
    def clause_id(self) -> str:
        """The clause that applied, or ''."""
        return "" if self.verdict is None or self.verdict.clause is None else self.verdict.clause.id

    @property
    def missing(self) -> tuple[str, ...]:
        """Evidence slots the clause needs and nobody has filled."""
        return () if self.verdict is None else self.verdict.missing

    @property
    def required(self) -> tuple[str, ...]:
        """Evidence slots the clause needs."""
        return () if self.verdict is None or self.verdict.clause is None else self.verdict.clause.needs

    @property
    def optional(self) -> tuple[str, ...]:
        """Evidence slots that may help."""
        given = () if self.verdict is None or self.verdict.clause is None else self.verdict.clause.optional
        return tuple(dict.fromkeys((*given, "other")))

    def advice(self, lang: Lang) -> str:
        """What further evidence would turn the answer into a refund, in words; '' when none would."""
        if self.published is None or self.verdict is None:
            return ""
        policy = self.published.policy
        facts = to_facts(policy, self.case_facts)
        found = advise(policy, facts, self.have)
        return "" if found is None else advice_words(lang, policy, found, is_filed=True)

    @property
    def cooling_until(self) -> datetime | None:
        """Before this nothing is reviewed."""
        return None if self.verdict is None else self.verdict.cooling_until

    @property
    def facts_json(self) -> str:
        """The frozen facts, as stored."""
        return msgspec.json.encode(self.case_facts).decode()

    @property
    def json(self) -> str:
        """The verdict as stored for the desk: short, because every claim carries it."""
        verdict = self.verdict
        stored = {
            "outcome": self.outcome,
            "clause": self.clause_id,
            "policy": self.policy_label,
            "missing": self.missing,
            "flags": [] if verdict is None else [flag.value for flag in verdict.flags],
            "conflict": verdict is not None and verdict.conflict,
            "proposed_minor": None if self.proposed is None else self.proposed.amount_minor,
            "automatic": verdict is not None and verdict.automatic and not self.needs_person,
        }
        return msgspec.json.encode(stored).decode()

    def approves_at_once(self, requested_minor: int) -> Money | None:
        """The amount the policy pays without a person, or None when a person must look.

        Asking for more than the policy gives is a question for a person; asking for less is the buyer's right.
        """
        if self.needs_person or self.verdict is None or not self.verdict.automatic or not self.proposed:
            return None
        if requested_minor > min(self.proposed.amount_minor, self.alone_most_minor):
            return None
        return Money(requested_minor, self.proposed.currency)


async def judge_case(
    tx: Tx, case: Case, *, reason: Reason, have: frozenset[str], at: datetime, policy_id: UUID | None = None
) -> Judgement:
    """Judge a case by the version in force when its order was placed, with the order's age frozen at `at`."""
    published = await _version(tx, case, policy_id)
    facts = CaseFacts(
        reason=reason.value,
        product_kind=case.kind,
        age_seconds=case.age_seconds(at),
        usage=case.usage_state,
        usage_proven=case.is_use_proven,
        amount_minor=case.paid_minor,
        forged_before=case.forged_before,
        delivery_state=case.delivery_state,
        product=case.title,
    )
    if published is None:
        return Judgement(
            published=None,
            verdict=None,
            case_facts=facts,
            amount=None,
            paid_minor=case.paid_minor,
            alone_most_minor=0,
            lengths=Lengths(),
            attempts_max=Limits().applications,
        )
    policy = published.policy
    words = to_facts(policy, facts)
    limits = policy.limits_for(words)
    verdict = judge(policy, words, have, filed_at=at)
    if verdict.outcome is Outcome.COOLING:
        until = await _cooling_until(tx, at, limits.cooling)
        # Once the wait is over, the clauses it stood in front of decide.
        is_over = tx.now >= until
        verdict = (
            judge(policy, words, have, filed_at=at, cooled=True)
            if is_over
            else structs.replace(verdict, cooling_until=until)
        )
    return Judgement(
        published=published,
        verdict=verdict,
        case_facts=facts,
        amount=None
        if verdict.amount is None
        else refund_amount(verdict.amount, case_money(case), units=case_use(case), promised=case_delivery(case)),
        paid_minor=case.paid_minor,
        alone_most_minor=case.second_person_over_minor - case.order_taken_minor,
        lengths=lengths_of(limits, is_risky=Flag.RISK_REVIEW in verdict.flags),
        attempts_max=limits.applications,
        have=have,
        needs_person=case.needs_person,
    )


def lengths_of(limits: Limits, *, is_risky: bool = False) -> Lengths:
    """The clocks' lengths as a policy sets them; a case under risk review may have a length of its own."""
    review = limits.hold if is_risky and limits.hold != Period() else limits.review
    return Lengths(
        review=_length(review),
        material=_length(limits.material),
        proof=_length(limits.platform_proof),
        reapply=_length(limits.reapply),
        escalate=_length(limits.intervention),
    )


def second_person_flags(verdict: dict[str, object] | None) -> bool:
    """Whether the stored verdict says that a second person must look, whatever the amount."""
    flags = (verdict or {}).get("flags")
    return isinstance(flags, list) and Flag.SECOND_PERSON.value in flags


async def _version(tx: Tx, case: Case, policy_id: UUID | None) -> PublishedPolicy | None:
    """The claim's own version once it has one; else the one in force when the order was placed, if there was any."""
    wanted = policy_id or case.policy_in_force
    return None if wanted is None else await load_policy(tx, wanted)


async def _cooling_until(tx: Tx, start: datetime, cooling: Period) -> datetime:
    return _length(cooling).due(start, await working_calendar(tx)).at


def _length(period: Period) -> Length:
    if period.working_days:
        return Length(period.working_days, Unit.WORKING_DAYS)
    return Length(period.seconds, Unit.NATURAL_SECONDS)


def case_money(case: Case) -> OrderMoney:
    """The line's money."""
    fee = line_fee(Money(case.fee_minor, case.currency), case.paid_minor, case.order_paid_minor)
    zero = Money(0, case.currency)
    return OrderMoney(
        paid=Money(case.paid_minor, case.currency),
        fee=fee,
        refunded=Money(case.taken_minor, case.currency),
        reserved=zero,
    )


def line_fee(order_fee: Money, paid_minor: int, order_paid_minor: int) -> Money:
    """The fee is the order's; a line carries the part of it that its price is of the whole."""
    return order_fee.part(min(paid_minor, order_paid_minor), order_paid_minor) if order_paid_minor else order_fee


def case_use(case: Case) -> Used | None:
    """The recorded use in units, for a pro-rata refund."""
    if case.units_total is None or case.units_used is None:
        return None
    return Used(case.units_total, case.units_used, case.unit or "")


def case_delivery(case: Case) -> Used | None:
    """What was delivered of what was promised: for a service, its record of use is just that."""
    return case_use(case) if case.kind == ProductKind.SERVICE else None
