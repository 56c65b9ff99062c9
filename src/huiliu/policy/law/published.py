"""What of a policy is published as words: names and texts in both languages, with the clause each belongs to."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from huiliu.policy.law.deciding import Deciding
from huiliu.policy.lint.findings import Example
from huiliu.policy.model import Clause, Facts, Policy
from huiliu.policy.space import OutOfSteps


class PublishedText(msgspec.Struct, frozen=True):
    """One name or text. `key` is its key in the file (名称, 说明英文 …); `section` the file's section when it has no clause."""

    words: str
    key: str
    clause: Clause | None = None
    section: str = ""

    def examples(self, deciding: Deciding) -> tuple[Example, ...]:
        """A case the clause decides; if it never does, one it applies to; for the policy's own text, any case."""
        facts = deciding.any_case({}) if self.clause is None else _shown(self.clause, deciding)
        needs = () if self.clause is None else self.clause.needs
        return () if facts is None else (Example(facts, needs),)


def published_texts(policy: Policy) -> Iterator[PublishedText]:
    """Everything of a policy that buyers read as words; empty ones are left out."""
    own = (("策略", policy.name), ("名称英文", policy.name_en), ("说明", policy.text), ("说明英文", policy.text_en))
    for key, words in own:
        if words:
            yield PublishedText(words, key, section=key)
    for clause in policy.clauses:
        for key, words in (
            ("名称", clause.name),
            ("名称英文", clause.name_en),
            ("说明", clause.text),
            ("说明英文", clause.text_en),
        ):
            if words:
                yield PublishedText(words, key, clause)


def _shown(clause: Clause, deciding: Deciding) -> Facts | None:
    try:
        decided = deciding.case(clause, {})
    except OutOfSteps:
        decided = None
    return deciding.applying(clause) if decided is None else decided.facts
