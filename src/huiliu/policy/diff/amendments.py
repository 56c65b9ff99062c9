"""What is written differently in two versions, section by section, whether or not any situation comes to something else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

import msgspec

from huiliu.policy.model import Override, Policy


class Section(StrEnum):
    """A part of the policy file."""

    POLICY = "policy"
    FACT = "fact"
    EVIDENCE = "evidence"
    LIMITS = "limits"
    CLAUSE = "clause"
    OVERRIDE = "override"
    EXTRA = "extra"
    GOLDEN = "golden"


class Amending(StrEnum):
    """What happened to it."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Amendment(msgspec.Struct, frozen=True):
    """One thing written differently. `subject` is the clause's or extra's id, or a name; `field` the attribute that changed
    (of `model`'s structs), '' for something added or removed as a whole."""

    section: Section
    amending: Amending
    subject: str = ""
    field: str = ""


POLICY_FIELDS = ("name", "name_en", "label", "effective_from", "outcomes", "text", "text_en")


def amendments(old: Policy, new: Policy) -> tuple[Amendment, ...]:
    """Everything written differently, in the order of the file."""
    found = [*_fields(Section.POLICY, "", old, new, POLICY_FIELDS)]
    found += _keyed(Section.FACT, {s.name: s for s in old.facts}, {s.name: s for s in new.facts})
    found += _values(Section.EVIDENCE, old.costs, new.costs)
    found += _fields(Section.LIMITS, "", old.limits, new.limits, old.limits.__struct_fields__)
    found += _keyed(Section.CLAUSE, {c.id: c for c in old.clauses}, {c.id: c for c in new.clauses})
    if [c.id for c in old.clauses] != [c.id for c in new.clauses] and {c.id for c in old.clauses} == {
        c.id for c in new.clauses
    }:
        found.append(Amendment(Section.CLAUSE, Amending.CHANGED, "", "order"))
    found += _keyed(Section.OVERRIDE, _by_scope(old.overrides), _by_scope(new.overrides))
    found += _keyed(Section.EXTRA, {e.id: e for e in old.extras}, {e.id: e for e in new.extras})
    found += _keyed(Section.GOLDEN, {g.name: g for g in old.golden}, {g.name: g for g in new.golden})
    return tuple(found)


def _keyed(
    section: Section, old: Mapping[str, msgspec.Struct], new: Mapping[str, msgspec.Struct]
) -> Iterator[Amendment]:
    for name in dict.fromkeys((*old, *new)):
        if name not in new:
            yield Amendment(section, Amending.REMOVED, name)
        elif name not in old:
            yield Amendment(section, Amending.ADDED, name)
        else:
            yield from _fields(section, name, old[name], new[name], old[name].__struct_fields__)


def _values(section: Section, old: Mapping[str, int], new: Mapping[str, int]) -> Iterator[Amendment]:
    for name in dict.fromkeys((*old, *new)):
        if name not in new:
            yield Amendment(section, Amending.REMOVED, name)
        elif name not in old:
            yield Amendment(section, Amending.ADDED, name)
        elif old[name] != new[name]:
            yield Amendment(section, Amending.CHANGED, name, "cost")


def _fields(
    section: Section, subject: str, old: msgspec.Struct, new: msgspec.Struct, names: Iterable[str]
) -> Iterator[Amendment]:
    for name in names:
        if getattr(old, name) != getattr(new, name):
            yield Amendment(section, Amending.CHANGED, subject, name)


def _by_scope(overrides: tuple[Override, ...]) -> dict[str, Override]:
    """Overrides by the products they are about: '商品类型 会员、卡密'. Of two for the same products the earlier one counts."""
    found: dict[str, Override] = {}
    for override in overrides:
        found.setdefault(f"{override.scope.fact} {'、'.join(override.scope.values)}", override)
    return found
