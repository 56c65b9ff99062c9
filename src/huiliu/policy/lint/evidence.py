"""Evidence that no case asks for, and evidence that nobody can hand in."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from huiliu.policy.lint.findings import Finding, FindingCode, Severity
from huiliu.policy.lint.ground import Ground
from huiliu.policy.model import Clause, Policy
from huiliu.policy.space import Steps

SECTION = "凭证"


def unreachable_evidence(ground: Ground, policy: Policy) -> Iterator[Finding]:
    """Declared evidence that no clause which can ever be live needs or takes, and that proves no disputed fact.

    A warning when some clause needs it, so that somebody believes it is asked for; else a note. Live as for `shadowed`.
    """
    steps = Steps()
    live = [ground.live_box(i, steps) is not None for i in range(len(policy.clauses))]
    proofs = {code for spec in policy.facts if spec.burden is not None for code in spec.proven_by}
    for code in policy.costs:
        naming = [i for i, clause in enumerate(policy.clauses) if code in _listed(clause)]
        if code in proofs or any(live[i] for i in naming):
            continue
        is_needed = any(code in policy.clauses[i].needs for i in naming)
        box = ground.boxes[naming[0]] if naming else ground.space.all
        yield Finding(
            code=FindingCode.UNREACHABLE_EVIDENCE,
            severity=Severity.WARNING if is_needed else Severity.NOTE,
            clauses=ground.ids(naming),
            examples=(ground.example(ground.space.all if ground.space.is_empty(box) else box),),
            facts={"evidence": code},
            section=SECTION,
        )


def uncollectable_evidence(ground: Ground, policy: Policy, collectable: Collection[str]) -> Iterator[Finding]:
    """Evidence that a clause needs (error) or only takes (warning), and that no slot of the product can hold."""
    steps = Steps()
    for code in dict.fromkeys(code for clause in policy.clauses for code in _listed(clause)):
        if code in collectable:
            continue
        needing = [i for i, clause in enumerate(policy.clauses) if code in clause.needs]
        naming = needing or [i for i, clause in enumerate(policy.clauses) if code in clause.optional]
        boxes = [ground.boxes[i] for i in naming if not ground.space.is_empty(ground.boxes[i])]
        shown = next((box for i in naming if (box := ground.live_box(i, steps)) is not None), None)
        yield Finding(
            code=FindingCode.UNCOLLECTABLE_EVIDENCE,
            severity=Severity.ERROR if needing else Severity.WARNING,
            clauses=ground.ids(naming),
            examples=(ground.example(shown or next(iter(boxes), ground.space.all)),),
            facts={"evidence": code},
            section=SECTION,
        )


def _listed(clause: Clause) -> tuple[str, ...]:
    return (*clause.needs, *clause.optional)
