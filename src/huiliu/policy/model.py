"""A refund policy as data: closed facts, clauses with declared exceptions, and what judging a case gives.

Pure: no database, no files, no clock. Everything is frozen, so a published version cannot drift.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

import msgspec

from huiliu.kit.errors import Fact, Refusal
from huiliu.kit.money import Rounding

FactValue: TypeAlias = str | int | bool
"""An enumeration's word, whole seconds, minor units of money, a count, or yes/no."""

DAY_SECONDS = 86_400
HOUR_SECONDS = 3_600
RECORDS_DAYS = 3 * 365 + 1  # three years with their leap day


class Outcome(StrEnum):
    """What a clause gives. The order here is the usual one, best for the buyer first; a policy states its own."""

    FULL = "full"
    PART = "part"
    COOLING = "cooling"
    PERSON = "person"
    REJECT = "reject"


REFUNDS = frozenset({Outcome.FULL, Outcome.PART})
"""Outcomes that pay money."""


class FactKind(StrEnum):
    """The closed kinds of fact; an open text would make gaps between clauses unprovable."""

    ENUM = "enum"
    DURATION = "duration"
    AMOUNT = "amount"
    BOOLEAN = "boolean"
    COUNT = "count"


class Party(StrEnum):
    """Who must prove a fact."""

    PLATFORM = "platform"
    BUYER = "buyer"


class Trend(StrEnum):
    """What a larger value should do for the buyer; for the check that waiting never pays."""

    LARGER_WORSE = "larger_worse"
    LARGER_BETTER = "larger_better"


class Flag(StrEnum):
    """What an extra puts on a case. Buyers never see flags: their thresholds would be a recipe."""

    RISK_REVIEW = "risk_review"
    SECOND_PERSON = "second_person"


class Basis(StrEnum):
    """What the money of a clause is measured by."""

    FULL = "full"
    UNITS = "units"
    TIME = "time"
    PROMISED = "promised"
    """What was promised and not delivered: 40 of 100 levels."""


class Range(msgspec.Struct, frozen=True):
    """Whole numbers low..high, both included; None is open. 'Over 1 hour' is low=3601: no float can blur it."""

    low: int | None = None
    high: int | None = None

    def __contains__(self, value: int) -> bool:
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


class Test(msgspec.Struct, frozen=True):
    """A condition on one fact only: any of `values` (enumerations, 是/否) or any of `ranges` (numbers)."""

    __test__ = False  # pytest would take the name for a test class

    fact: str
    values: tuple[str, ...] = ()
    ranges: tuple[Range, ...] = ()


class FactSpec(msgspec.Struct, frozen=True):
    """One declared fact with its closed domain and, if disputed, who must prove it and what is presumed meanwhile."""

    name: str
    kind: FactKind
    name_en: str = ""
    values: tuple[str, ...] = ()
    values_en: tuple[str, ...] = ()
    domain: Range = Range()
    burden: Party | None = None
    presumed: FactValue | None = None
    proven_by: tuple[str, ...] = ()
    trend: Trend | None = None


class AmountRule(msgspec.Struct, frozen=True):
    """How much a refunding clause pays."""

    basis: Basis
    fee_returned: bool = True
    rounding: Rounding = Rounding.FAVOUR_BUYER
    cap_minor: int | None = None


class Clause(msgspec.Struct, frozen=True):
    """Situation, evidence, outcome, and the clauses it is an exception to. Evidence is slot codes."""

    id: str
    name: str
    when: tuple[Test, ...]
    outcome: Outcome
    name_en: str = ""
    needs: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    exception_to: tuple[str, ...] = ()
    amount: AmountRule | None = None
    automatic: bool = False
    text: str = ""
    """The clause as it is published to buyers, beside its name."""
    text_en: str = ""


class Extra(msgspec.Struct, frozen=True):
    """Something a situation adds to whatever clause applies: a flag, or that no person is needed."""

    id: str
    name: str
    when: tuple[Test, ...]
    name_en: str = ""
    flag: Flag | None = None
    automatic: bool = False


class Period(msgspec.Struct, frozen=True):
    """A length of time: seconds, or working days that only a calendar can place. Exactly one of them is set."""

    seconds: int = 0
    working_days: int = 0


class Limits(msgspec.Struct, frozen=True):
    """How often and how long: what the claims feature sets its clocks by."""

    applications: int = 5
    reapply: Period = Period(seconds=7 * DAY_SECONDS)
    material: Period = Period(seconds=7 * DAY_SECONDS)
    review: Period = Period(working_days=3)
    platform_proof: Period = Period(seconds=48 * HOUR_SECONDS)
    cooling: Period = Period(seconds=24 * HOUR_SECONDS)
    intervention: Period = Period(seconds=7 * DAY_SECONDS)
    hold: Period = Period()
    """How long a case that is flagged for a risk review may be looked at; nothing set: as long as any review."""
    records: Period = Period(seconds=RECORDS_DAYS * DAY_SECONDS)
    """How long the records of a transaction are kept (E-Commerce Law art. 31: three years at least)."""


class Facts(msgspec.Struct, frozen=True):
    """A case in the policy's own words. An absent fact is unknown; `proven` names the disputed facts that are proven."""

    values: dict[str, FactValue]
    proven: frozenset[str] = frozenset()


class Scope(msgspec.Struct, frozen=True):
    """Which products an override is about: values of one fact, the product kind or the product."""

    fact: str
    values: tuple[str, ...]


class Override(msgspec.Struct, frozen=True):
    """Limits of their own for some products. Clauses of their own are ordinary clauses with the scope as a condition."""

    scope: Scope
    limits: Limits


class Expectation(msgspec.Struct, frozen=True):
    """What a golden case must come to; None leaves it open."""

    outcome: Outcome
    clause: str | None = None
    missing: tuple[str, ...] | None = None


class GoldenCase(msgspec.Struct, frozen=True):
    """An example that is kept with the policy and judged at each publication. Evidence is slot codes."""

    name: str
    facts: Facts
    evidence: tuple[str, ...]
    expect: Expectation


class Policy(msgspec.Struct, frozen=True):
    """One version of a platform's refund rules. Build it with `identity.sealed`, which computes its hash."""

    name: str
    id: str
    label: str
    facts: tuple[FactSpec, ...]
    outcomes: tuple[Outcome, ...]
    clauses: tuple[Clause, ...]
    name_en: str = ""
    effective_from: datetime | None = None
    costs: dict[str, int] = {}
    extras: tuple[Extra, ...] = ()
    limits: Limits = Limits()
    overrides: tuple[Override, ...] = ()
    """Of two that fit a case the earlier one counts."""
    text: str = ""
    text_en: str = ""
    golden: tuple[GoldenCase, ...] = ()
    """Not part of the meaning, so not of the content hash: examples judge the rules, they do not change them."""
    content_hash: bytes = b""

    def clause(self, clause_id: str) -> Clause | None:
        """The clause a decision names."""
        return next((clause for clause in self.clauses if clause.id == clause_id), None)

    def fact(self, name: str) -> FactSpec | None:
        """The declared fact of that name."""
        return next((spec for spec in self.facts if spec.name == name), None)

    def limits_for(self, facts: Facts) -> Limits:
        """The limits of a case: its product's own where there are any, else the policy's."""
        for override in self.overrides:
            if facts.values.get(override.scope.fact) in override.scope.values:
                return override.limits
        return self.limits


class CaseFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A case in the product's codes, whatever words a policy uses; `facts.to_facts` translates."""

    reason: str
    product_kind: str
    age_seconds: int
    """From the order's time to the first application, whole seconds, rounded down (the buyer's favour)."""
    usage: str | None = None
    """unused, part_used, used; None when nobody says anything."""
    usage_proven: bool = False
    """Whether a consumption record backs `usage`."""
    amount_minor: int = 0
    forged_before: bool = False
    delivery_state: str = "unknown"
    product: str = ""
    """The product's name as the order line carries it."""
    exception_confirmed: bool | None = None
    """Whether the buyer confirmed at this very purchase that there is no seven-day return; None: no record says."""


class ReasonStatus(StrEnum):
    """What became of one clause in one case."""

    APPLIED = "applied"
    FAILED = "failed"
    UNKNOWN = "unknown"
    DEFEATED = "defeated"
    OUTRANKED = "outranked"
    COOLED = "cooled"


class ClauseReason(msgspec.Struct, frozen=True):
    """Why a clause applied or not: the first fact that failed and its value, or the clause that took its place."""

    clause_id: str
    status: ReasonStatus
    fact: str = ""
    value: FactValue | None = None
    by: str = ""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The policy's answer to one case. With `missing` not empty the outcome waits for exactly that evidence."""

    outcome: Outcome
    clause: Clause | None = None
    amount: AmountRule | None = None
    missing: tuple[str, ...] = ()
    automatic: bool = False
    """May be paid without a person: the clause says so, evidence is complete, and nothing flags the case."""
    flags: tuple[Flag, ...] = ()
    """For staff only."""
    conflict: bool = False
    rivals: tuple[str, ...] = ()
    """The other clauses of a conflict; the one best for the buyer was taken (Civil Code 498)."""
    ask: tuple[str, ...] = ()
    """Unknown facts that would change the answer; until they are known a person decides."""
    presumed: tuple[str, ...] = ()
    """Disputed facts nobody has proven, judged as the policy presumes."""
    cooling_until: datetime | None = None
    reasons: tuple[ClauseReason, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether the outcome can be given now."""
        return not self.missing and not self.ask


class PublishedPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A policy as a platform published it: immutable, and in force from one instant until the next version's."""

    id: UUID
    platform_id: int
    label: str
    name: str
    effective_from: datetime
    published_at: datetime
    published_by: str
    proposed_by: str = ""  # '' here and below when it was published on the server
    approved_by: str = ""
    policy: Policy


class Problem(msgspec.Struct, frozen=True):
    """One thing wrong in a policy file: where (both from 1), and a code whose words are policy.problem.<code>."""

    line: int
    column: int
    code: str
    facts: dict[str, str | int] = {}


class PolicyError(Refusal):
    """The policy file cannot be used as it stands; `problems` says each place and reason."""

    code = "policy.file_invalid"
    status = 422

    def __init__(self, problems: tuple[Problem, ...] = (), **facts: Fact) -> None:
        first = problems[0] if problems else Problem(1, 1, "empty")
        super().__init__(**{"count": len(problems), "line": first.line, "column": first.column, **facts})
        self.problems = problems


class InstantTaken(Refusal):
    """Another version already takes effect at this very instant."""

    code = "policy.instant_taken"
    status = 409
    constraint = "policy_effective_once"


class EffectiveInPast(Refusal):
    """A version may not judge orders that were placed before it was published. facts: effective_from."""

    code = "policy.effective_in_past"
    status = 422


class NoneInForce(Refusal):
    """The platform had published no policy when the order was placed. facts: at."""

    code = "policy.none_in_force"
    status = 409
