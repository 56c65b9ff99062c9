"""The guide to the policy file names every key in both languages, and its samples are read as it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from huiliu.policy.golden import judge_golden
from huiliu.policy.parse import parse_policy
from huiliu.policy.words import BASES, EVIDENCE, FACTS, KEYS, OUTCOMES
from tests.policy.files import DEMO

GUIDE = (Path(__file__).parents[2] / "docs/guides/policy-file.md").read_text("utf-8")
SAMPLES = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)


@pytest.mark.parametrize("section", list(KEYS))
def test_every_key_is_named_in_both_languages(section: str) -> None:
    missing = [(zh, en) for zh, en in KEYS[section].items() if zh not in GUIDE or en not in GUIDE]

    assert missing == []


def test_every_word_that_the_product_knows_is_named() -> None:
    for table in (FACTS, OUTCOMES, BASES):
        assert [word for word in table if word not in GUIDE] == []


def test_the_samples_make_one_policy_that_reads_and_holds() -> None:
    parts = {sample.split(":", 1)[0]: sample for sample in SAMPLES}
    more = "  商品类型: {枚举: [直充, 卡密, 会员, 代练]}\n  交付状态: {枚举: [交付失败, 已交付]}\n"
    evidence = "凭证: {" + ", ".join(f"{word}: 1" for word in EVIDENCE) + "}\n"
    clauses = DEMO[DEMO.index("条款:\n") : DEMO.index("附加:\n")]
    source = "".join(
        (parts["策略"], parts["事实"], more, evidence, clauses, parts["附加"], parts["按商品"], parts["样例"])
    )

    policy = parse_policy(source)

    assert [clause.id for clause in policy.clauses][-1] == "K1"
    assert [result.holds for result in judge_golden(policy)] == [True]
