"""The checks, the batch and the advice against trying every case, on made policies: a small run of `bench policy-agree`."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from huiliu.bench.policy_agree import agree, chosen_checks, table
from huiliu.bench.policy_count import Count, Subject
from huiliu.bench.policy_maker import made
from huiliu.bench.policy_mutants import PACKAGE, Result, caught_percent, sound, try_mutations
from huiliu.bench.policy_mutations import MUTATIONS, Mutation
from huiliu.bench.policy_parts import repeatable
from huiliu.bench.policy_structured import structured
from huiliu.bench.policy_text import policy_yaml
from huiliu.bench.policy_versions import changed
from huiliu.cli.bench import bench
from huiliu.policy.evaluate import judge
from huiliu.policy.explain import advise
from huiliu.policy.model import Facts, Outcome, Policy
from huiliu.policy.parse import parse_policy
from tests.policy.files import small

POLICIES = 60


@pytest.mark.parametrize("english", [False, True])
def test_a_made_policy_written_out_reads_back_as_itself(english: bool) -> None:
    for seed in range(POLICIES):
        policy = made(repeatable(seed))
        for version in (policy, changed(repeatable(seed), policy)):
            assert parse_policy(policy_yaml(version, english=english)) == version


def test_a_structured_policy_has_what_was_asked_for_and_reads_back_as_itself() -> None:
    policy = structured(repeatable(1), clauses=200, facts=12)

    assert (len(policy.clauses), len(policy.facts)) == (200, 12)
    assert {test.fact for clause in policy.clauses for test in clause.when} == {spec.name for spec in policy.facts}
    assert any(clause.exception_to for clause in policy.clauses)
    assert parse_policy(policy_yaml(policy)) == policy


def test_the_same_draw_makes_the_same_policy() -> None:
    def draw(seed: int) -> Policy:
        return made(repeatable(seed))

    assert draw(7) == draw(7)
    assert draw(7) != draw(8)


def test_a_number_is_not_asked_for_because_it_might_lie_beyond_its_domain() -> None:
    text = small("  - {编号: F1, 名称: 甲, 当: {次数: 0次以上}, 则: 全额退款}")

    verdict = judge(parse_policy(text), Facts({}), frozenset())

    assert (verdict.outcome, verdict.ask) == (Outcome.FULL, ())


def test_what_one_way_needs_anyway_spares_another_its_own() -> None:
    text = small("""
  - {编号: F1, 名称: 甲, 当: {退款原因: 充值错误}, 需: [支付截图], 则: 全额退款}
  - {编号: F2, 名称: 乙, 当: {退款原因: 充值错误}, 需: [未使用声明], 则: 全额退款}
  - {编号: F3, 名称: 丙, 当: {退款原因: 不想要了}, 需: [未使用声明], 则: 全额退款}
""")

    verdict = judge(parse_policy(text), Facts({}), frozenset())

    assert (verdict.outcome, verdict.missing) == (Outcome.FULL, ("unused_declaration",))


def test_nobody_is_advised_to_add_nothing() -> None:
    text = small("""
  - {编号: F1, 名称: 甲, 当: {核销: 已核销}, 则: 拒绝}
  - {编号: F2, 名称: 乙, 当: {核销: 未核销}, 则: 全额退款}
""").replace("  次数:", "  核销: {枚举: [未核销, 已核销], 举证方: 买家, 未举证视为: 已核销, 证明: [支付截图]}\n  次数:")
    policy, facts = parse_policy(text), Facts({"核销": "未核销"})

    assert (found := advise(policy, facts, frozenset())) is not None
    assert found.evidence == ("paid_shot",)
    assert advise(policy, facts, frozenset({"paid_shot"})) is None


def test_everything_agrees_on_a_few_policies() -> None:
    checks, _ = chosen_checks()

    counts = agree(POLICIES, seed=1, workers=1, checks=checks)

    assert {name: count.examples for name, count in counts.items() if count.disagreements} == {}
    assert all(count.questions >= POLICIES / 4 for count in counts.values()), "each check was asked something"


def test_a_check_that_raises_disagrees(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(subject: Subject, count: Count) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("huiliu.bench.policy_agree.CHECKS", {"broken": broken})

    counts = agree(2, seed=1, workers=1, checks={"broken": broken})

    assert counts["broken"].disagreements == 2
    assert "ZeroDivisionError" in table(counts, seed=1, seconds=1, workers=1)


def test_every_mutation_still_applies_to_the_source() -> None:
    assert [mutation.name for mutation in MUTATIONS if not mutation.applies(PACKAGE)] == []


def test_broken_builds_are_noticed() -> None:
    results = try_mutations(MUTATIONS[:2], policies=300)

    assert sound(policies=5) == ""
    assert [result.mutation.name for result in results if not result.caught_by] == []
    assert caught_percent(results) == 100


def test_a_mutation_that_no_longer_applies_is_refused() -> None:
    with pytest.raises(ValueError, match="no longer in the source"):
        try_mutations([Mutation("explain", "text that is not there", "", "nothing")])


def test_without_the_solver_the_rest_is_asked_and_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huiliu.bench.policy_agree.solver", lambda: None)

    checks, note = chosen_checks()

    assert "z3" in note
    assert "lint: gap" in checks
    assert not any(name.startswith("z3") for name in checks)
    counts = agree(2, seed=1, workers=1, checks=checks)
    assert note in table(counts, seed=1, seconds=1, workers=1, note=note)


def test_the_commands_exit_with_what_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def disagreeing(policies: int, **_: object) -> dict[str, Count]:
        return {"lint: gap": Count(policies=policies, questions=1, disagreements=policies - 1)}

    def missed(**_: object) -> list[Result]:
        return [Result(MUTATIONS[0], "")]

    def sound_build(**_: object) -> str:
        return ""

    def unsound_build(**_: object) -> str:
        return "decide: seed 1: differs"

    monkeypatch.setattr("huiliu.bench.policy_agree.agree", disagreeing)
    monkeypatch.setattr("huiliu.bench.policy_mutants.sound", sound_build)
    monkeypatch.setattr("huiliu.bench.policy_mutants.try_mutations", missed)
    run = CliRunner().invoke

    assert run(bench, ["policy-agree", "--policies", "1"]).exit_code == 0
    assert run(bench, ["policy-agree", "--policies", "2"]).exit_code == 1
    ran = run(bench, ["policy-mutants"])
    assert (ran.exit_code, "NOTHING" in ran.output) == (1, True)
    monkeypatch.setattr("huiliu.bench.policy_mutants.sound", unsound_build)
    assert "differs" in run(bench, ["policy-mutants"]).output
