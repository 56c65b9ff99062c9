"""One case at a time: judging, explaining, advising, beside engines that decide by the first matching line; and the lint."""

from __future__ import annotations

from importlib.resources import files

from huiliu.bench.policy import Row, Sizes, Timed, timed
from huiliu.bench.policy_parts import repeatable
from huiliu.bench.policy_rivals import NO_CLAUSE, SINGLES, Case, installed, names_of
from huiliu.bench.policy_structured import structured
from huiliu.policy.evaluate import judge
from huiliu.policy.explain import advise, explain
from huiliu.policy.lint.checks import lint
from huiliu.policy.model import FactKind, Facts, FactSpec, FactValue, Policy
from huiliu.policy.parse import parse_policy

DECIDE_GOAL = "5 µs"
EXPLAIN_GOAL = "15 µs"
ADVISE_GOAL = "10 µs"
LINT_GOALS = {50: "50 ms", 200: "500 ms"}
RIVALS_LACK = "no evidence, money, presumptions or reasons"


def example_policy() -> Policy:
    """The policy that single decisions and the first batch are measured on."""
    return parse_policy(files("huiliu").joinpath("bench", "policy_example.yaml").read_bytes())


def bench_singles(sizes: Sizes) -> tuple[list[Row], list[str]]:
    """Judge, explain and advise on the example policy."""
    policy = example_policy()
    cases = _cases(policy, sizes.singles)
    shown = [frozenset(code for i, code in enumerate(policy.costs) if n >> i & 1) for n in range(len(cases))]
    both = list(zip(cases, shown, strict=True))
    decide = timed(lambda: [judge(policy, facts, evidence) for facts, evidence in both], sizes.runs)
    explained = timed(lambda: [explain(policy, facts) for facts in cases], sizes.runs)
    advised = timed(lambda: [advise(policy, facts, evidence) for facts, evidence in both], sizes.runs)
    each = len(cases)
    rows = [
        decide.row("decide, with missing evidence", "huiliu", unit="µs", each=each, goal=DECIDE_GOAL),
        explained.row("explain: every clause's fate", "huiliu", unit="µs", each=each, goal=EXPLAIN_GOAL),
        advised.row("advise: the cheapest evidence", "huiliu", unit="µs", each=each, goal=ADVISE_GOAL),
    ]
    problems: list[str] = []
    for name in SINGLES:
        row, wrong = _rival(name, policy, cases, decide, sizes.runs)
        rows.append(row)
        problems += wrong
    return rows, problems


def bench_lint(sizes: Sizes) -> tuple[list[Row], list[str]]:
    """All checks of a large policy."""
    rows: list[Row] = []
    for clauses in sizes.lint_clauses:
        policy = structured(repeatable(1), clauses=clauses, facts=12)
        run = timed(lambda policy=policy: lint(policy), sizes.runs)
        rows.append(
            run.row(
                f"lint, {clauses} clauses x 12 facts", "huiliu", unit="ms", each=1, goal=LINT_GOALS.get(clauses, "")
            )
        )
    return rows, []


def _rival(name: str, policy: Policy, cases: list[Facts], ours: Timed, runs: int) -> tuple[Row, list[str]]:
    module, make = SINGLES[name]
    task = "decide, the clause only"
    if installed(module) is None:
        return Row(task, name, "µs", note="not installed"), []
    single = make(policy)
    names = names_of(policy)
    plain: list[Case] = [{names[fact]: value for fact, value in facts.values.items()} for facts in cases]
    for facts, case in zip(cases, plain, strict=True):
        clause = judge(policy, facts, frozenset()).clause
        expected = NO_CLAUSE if clause is None else policy.clauses.index(clause)
        if (found := single(case)) != expected:
            return Row(task, name, "µs", note="another answer"), [
                f"{name}: clause {found} instead of {expected}: {facts}"
            ]
    run = timed(lambda: [single(case) for case in plain], runs)
    return run.row(task, name, unit="µs", each=len(plain), ours=ours, note=RIVALS_LACK), []


def _cases(policy: Policy, count: int) -> list[Facts]:
    """Cases whose every fact is known and proven, so that engines without presumptions have the same to decide."""
    random = repeatable(1)

    def value(spec: FactSpec) -> FactValue:
        if spec.kind is FactKind.BOOLEAN:
            return random.random() < 0.1
        if spec.kind is FactKind.ENUM:
            return random.choice(spec.values)
        return random.randint(spec.domain.low or 0, 200_000)

    proven = frozenset(spec.name for spec in policy.facts)
    return [Facts({spec.name: value(spec) for spec in policy.facts}, proven) for _ in range(count)]
