"""按商品: what one product kind, or one product, has otherwise. Read into ordinary clauses, so that everything that judges,
checks or compares a policy needs to know nothing of it: a clause that does not apply there is narrowed to the other
products, a clause of its own gets the products as a condition."""

from __future__ import annotations

import msgspec

from huiliu.policy.clauses import CLAUSES_MAX, Drafts, read_clause_list
from huiliu.policy.conditions import read_when
from huiliu.policy.document import Node, Report
from huiliu.policy.model import Clause, FactKind, Limits, Override, Scope, Test
from huiliu.policy.quotas import read_limits
from huiliu.policy.reader import read_items, read_section, read_text
from huiliu.policy.words import PRODUCT, PRODUCT_KIND

OVERRIDES_MAX = 100
ID_CHARS_MAX = 16


def read_overrides(report: Report, node: Node | None, drafts: Drafts, limits: Limits) -> tuple[Override, ...]:
    """Every override, its clauses added to `drafts` and the others narrowed; notes what is wrong."""
    found: list[Override] = []
    for item in read_items(report, node, items_max=OVERRIDES_MAX):
        section = read_section(report, item, "override", required=("适用",))
        scope_node = section.get("适用")
        scope = None if scope_node is None else _read_scope(report, scope_node, drafts)
        if scope is None:
            continue
        for name_node in read_items(report, section.get("不适用"), items_max=CLAUSES_MAX):
            name = read_text(report, name_node, chars_max=ID_CHARS_MAX)
            clause = drafts.clauses.get(name)
            if clause is None:
                report.add(name_node.place, "bad_override", word=name)
                continue
            narrowed = _narrowed(drafts, clause, _others(drafts, scope))
            if narrowed is None:
                report.add(name_node.place, "override_leaves_nothing", word=name)
            else:
                drafts.clauses[name] = narrowed
        for clause_id in read_clause_list(report, section.get("条款"), drafts):
            narrowed = _narrowed(drafts, drafts.clauses[clause_id], scope)
            if narrowed is None:
                report.add(drafts.places[clause_id], "override_leaves_nothing", word=clause_id)
            else:
                drafts.clauses[clause_id] = narrowed
        own = section.get("限制")
        if own is not None:
            found.append(Override(scope, read_limits(report, own, limits)))
    return tuple(found)


def _read_scope(report: Report, node: Node, drafts: Drafts) -> Scope | None:
    """Exactly one of the two facts that name products, with its values."""
    tests = read_when(report, node, drafts.facts)
    if len(tests) == 1 and tests[0].fact in (PRODUCT_KIND, PRODUCT) and tests[0].values:
        return Scope(tests[0].fact, tests[0].values)
    if tests:
        report.add(node.place, "bad_scope", choices=f"{PRODUCT_KIND}、{PRODUCT}")
    return None


def _others(drafts: Drafts, scope: Scope) -> Scope:
    spec = drafts.facts[scope.fact]
    return Scope(scope.fact, tuple(value for value in spec.values if value not in scope.values))


def _narrowed(drafts: Drafts, clause: Clause, scope: Scope) -> Clause | None:
    """The clause for these products only; None when it would be left with none."""
    assert drafts.facts[scope.fact].kind is FactKind.ENUM, "products are named by enumerations"
    tests = {test.fact: test for test in clause.when}
    before = tests.get(scope.fact)
    values = tuple(value for value in scope.values if before is None or value in before.values)
    if not values:
        return None
    tests[scope.fact] = Test(scope.fact, values)
    return msgspec.structs.replace(clause, when=tuple(tests[name] for name in drafts.facts if name in tests))
