"""The policy's answer to a case, in the terms claims act on."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from huiliu.claims.case import Case
from huiliu.claims.model import Reason
from huiliu.deadlines.model import Length, Lengths, Unit
from huiliu.kit.db import Tx
from huiliu.kit.money import Money
from huiliu.policy.amount import Formula, amount_due
from huiliu.policy.evaluate import judge
from huiliu.policy.facts import to_facts
from huiliu.policy.model import CaseFacts, Flag, Limits, NoneInForce, Outcome, Period, PublishedPolicy, Verdict
from huiliu.policy.reads import load_policy, policy_in_force

HOUR_SECONDS = 3_600


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What the version in force when the order was placed says of this case now. `verdict` None: no version was in force."""

    published: PublishedPolicy | None
    verdict: Verdict | None
    case_facts: CaseFacts
    proposed: Money | None
    formula: Formula | None
    paid_minor: int
    lengths: Lengths
    attempts_max: int

    @property
    def policy_id(self) -> UUID | None:
        """The version's row."""
        return None if self.published is None else self.published.id

    @property
    def policy_label(self) -> str:
        """The version as the platform names it."""
        return "" if self.published is None else self.published.label

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
            "automatic": verdict is not None and verdict.automatic,
        }
        return msgspec.json.encode(stored).decode()

    def approves_at_once(self, requested_minor: int) -> Money | None:
        """The amount the policy pays without a person, or None when a person must look.

        Asking for more than the policy gives is a question for a person; asking for less is the buyer's right.
        """
        if self.verdict is None or not self.verdict.automatic or self.proposed is None or not self.proposed:
            return None
        if requested_minor > self.proposed.amount_minor:
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
        age_seconds=max(0, int((at - case.ordered_at).total_seconds())),
        usage=case.usage_state,
        usage_proven=case.is_use_proven,
        amount_minor=case.left.amount_minor,
        delivery_state=case.delivery_state,
    )
    if published is None:
        return Judgement(
            published=None,
            verdict=None,
            case_facts=facts,
            proposed=None,
            formula=None,
            paid_minor=case.paid_minor,
            lengths=Lengths(),
            attempts_max=Limits().applications,
        )
    policy = published.policy
    verdict = judge(policy, to_facts(policy, facts), have)
    due = amount_due(verdict, case_money(case)) if verdict.amount is not None else None
    return Judgement(
        published=published,
        verdict=verdict,
        case_facts=facts,
        proposed=None if due is None else due.amount,
        formula=due,
        paid_minor=case.paid_minor,
        lengths=lengths_of(policy.limits),
        attempts_max=policy.limits.applications,
    )
