"""Everything that is looked at before a policy is published, in one answer that page, command line and actions share."""

from __future__ import annotations

from datetime import date

import msgspec

from huiliu.policy.diff.situations import Diff, diff
from huiliu.policy.drafts.model import Blocked, GoldenFails
from huiliu.policy.golden import GoldenResult, judge_golden
from huiliu.policy.lint.checks import lint
from huiliu.policy.lint.findings import Finding, Severity
from huiliu.policy.model import Policy, PolicyError, Problem
from huiliu.policy.parse import parse_policy


class Checks(msgspec.Struct, frozen=True, kw_only=True):
    """What the checks say of a text. Everything after `problems` is empty for a text that does not read."""

    policy: Policy | None
    problems: tuple[Problem, ...] = ()
    findings: tuple[Finding, ...] = ()
    golden: tuple[GoldenResult, ...] = ()
    dropped: tuple[GoldenResult, ...] = ()
    """Golden cases of the version it is compared with that it no longer has as they were, and what it says of them."""

    changes: Diff | None = None
    """What changes against that version; None when there is none to compare with."""

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings with which nothing is published."""
        return tuple(found for found in self.findings if found.severity is Severity.ERROR)

    @property
    def failing(self) -> tuple[GoldenResult, ...]:
        """Its own golden cases that come out differently than they should."""
        return tuple(result for result in self.golden if not result.holds)

    @property
    def may_be_proposed(self) -> bool:
        """Whether nothing here stands in the way of a proposal."""
        return self.policy is not None and not self.errors and not self.failing

    def accepted(self) -> Policy:
        """The policy, if nothing stands in its way. Raises PolicyError, Blocked, GoldenFails."""
        if self.policy is None:
            raise PolicyError(self.problems)
        if self.errors:
            first = self.errors[0]
            raise Blocked(count=len(self.errors), what=first.code.value, clauses="、".join(first.clauses) or "—")
        if self.failing:
            raise GoldenFails(count=len(self.failing), name=self.failing[0].case.name)
        return self.policy

    def summary(self) -> dict[str, object]:
        """What was checked and found, small enough to keep with a proposal."""
        codes = [found.code.value for found in self.findings if found.severity is not Severity.ERROR]
        return {
            "content_hash": "" if self.policy is None else self.policy.content_hash.hex(),
            "problems": len(self.problems),
            "errors": len(self.errors),
            "others": {code: codes.count(code) for code in sorted(set(codes))},
            "golden": len(self.golden),
            "golden_failing": [result.case.name for result in self.failing],
            "golden_dropped": [result.case.name for result in self.dropped],
            "changes": self._directions(),
            "changes_complete": self.changes is None or self.changes.is_complete,
        }

    def _directions(self) -> dict[str, int]:
        """How many changes there are for whom."""
        told = () if self.changes is None else tuple(change.direction.value for change in self.changes.changes)
        return {direction: told.count(direction) for direction in sorted(set(told))}


def checks(source: str, against: Policy | None = None, *, on: date | None = None) -> Checks:
    """Read a text, lint it, judge its golden cases, and compare it with the version `against` that it would replace.

    `on` is the day it is to take effect, whose law counts; by default the one its file names. Never raises.
    A good part of a second for a large file: not for the thread that answers others.
    """
    try:
        policy = parse_policy(source)
    except PolicyError as error:
        return Checks(policy=None, problems=error.problems)
    lost = () if against is None else tuple(case for case in against.golden if case not in policy.golden)
    return Checks(
        policy=policy,
        findings=lint(policy, on=on),
        golden=judge_golden(policy),
        dropped=judge_golden(policy, lost),
        changes=None if against is None else diff(against, policy),
    )
