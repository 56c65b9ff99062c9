"""What the checks of a policy say: findings, each with cases that show it and can be judged again."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from huiliu.policy.model import Facts, Test


class Severity(StrEnum):
    """How much a finding weighs at publication."""

    ERROR = "error"
    """Nothing is published with it."""
    WARNING = "warning"
    """Published only when a second person has seen it."""
    NOTE = "note"


class FindingCode(StrEnum):
    """The kinds of finding; their words are policy lint.<code>."""

    GAP = "gap"
    """Cases that no clause covers: a person decides."""
    CONFLICT = "conflict"
    """Two clauses apply, neither an exception to the other, with different answers."""
    SHADOWED = "shadowed"
    """A clause that never decides: its exceptions cover all of it."""
    REDUNDANT = "redundant"
    """A clause without which every answer is the same."""
    EMPTY_EXCEPTION = "empty_exception"
    """An exception that never meets the clause it is an exception to."""
    EXCEPTION_CYCLE = "exception_cycle"
    """Clauses that are exceptions to one another in a circle."""
    BOUNDARY = "boundary"
    """A number at which neither side, or both sides, apply: 1 小时整."""
    NON_MONOTONE = "non_monotone"
    """Against the fact's declared trend: waiting longer pays more."""
    UNREACHABLE_EVIDENCE = "unreachable_evidence"
    """Evidence that is declared or asked for, and no case ever needs."""
    UNCOLLECTABLE_EVIDENCE = "uncollectable_evidence"
    """Evidence that a clause needs and no slot of the product can take."""
    HIDING_PAYS = "hiding_pays"
    """A presumption that favours the side which would have to prove: keeping the record back would help it."""
    UNFINISHED = "unfinished"
    """A check looked at as many cases as it may and did not get to the end: what it found is true, there may be more."""
    VAGUE_WORDS = "vague_words"
    """合理, 尽快, 视情况, 最终解释权 … in the published text."""
    LAW_SEVEN_DAYS = "law_seven_days"
    LAW_FIFTEEN_DAYS = "law_fifteen_days"
    LAW_AT_ONCE = "law_at_once"
    LAW_RECORDS = "law_records"
    LAW_OWN_FAILURE = "law_own_failure"
    """The platform failed to deliver, or delivered something else, and keeps part of the money."""
    LAW_PRESUMED_CONSENT = "law_presumed_consent"
    """A buyer counts as having agreed to an exception without anybody proving it."""
    LAW_ROUNDING = "law_rounding"
    """A share of the price is rounded against the consumer."""
    LAW_OUTDATED = "law_outdated"
    """A published text goes by a rule that another has replaced."""


class Example(msgspec.Struct, frozen=True):
    """A case to judge: `judge(policy, facts, evidence)` shows the finding. Evidence is slot codes."""

    facts: Facts
    evidence: tuple[str, ...] = ()


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing the checks found: the clauses it is about, cases that show it, and what its words need."""

    code: FindingCode
    severity: Severity
    clauses: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    facts: dict[str, str | int] = {}
    """Placeholders of the words."""
    situation: tuple[Test, ...] = ()
    """All the cases it is about, as conditions, where they are more than the example: a gap, where clauses conflict."""
    article: str = ""
    """The article's code under law.article, for what the law says."""
    section: str = ""
    """The file's section (Chinese key) a finding without a clause is about."""
