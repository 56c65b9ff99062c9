"""The closed vocabularies agree with each other, with the words on pages, and with the evidence slots."""

from __future__ import annotations

import re
from pathlib import Path

from huiliu.evidence.slots import SlotCode
from huiliu.kit.text import Lang, has_words, say, words
from huiliu.policy.model import Flag, Outcome, ReasonStatus
from huiliu.policy.preview import Answer
from huiliu.policy.words import EVIDENCE, FACTS, KEYS, OUTCOMES, RECORDS, VALUES, slot_code

SOURCE = Path(__file__).parents[2] / "src/huiliu/policy"


def test_keys_are_one_for_one_in_both_languages() -> None:
    for section, keys in KEYS.items():
        assert len(set(keys.values())) == len(keys), section
        assert not set(keys) & set(keys.values()), section


def test_the_chinese_words_on_pages_are_the_policys_own() -> None:
    for name, code in (*EVIDENCE.items(), *RECORDS.items()):
        table = "record" if name in RECORDS else "evidence"
        assert say(Lang.ZH, f"policy.{table}.{code}") == name
    for name, code in FACTS.items():
        assert say(Lang.ZH, f"policy.fact.{code}") == name
    for table in VALUES.values():
        for name, code in table.items():
            assert say(Lang.ZH, f"policy.value.{code}") == name


def test_every_evidence_word_is_a_slot_and_every_buyers_slot_has_a_word() -> None:
    assert {SlotCode(code) for code in EVIDENCE.values()} == set(SlotCode) - {SlotCode.PLATFORM_PROOF}
    assert slot_code("支付截图") == slot_code("paid_shot") == "paid_shot"
    assert slot_code("聊天记录") is None


def test_every_code_has_words_in_both_languages() -> None:
    keys = [f"policy.outcome.{outcome.value}" for outcome in Outcome]
    keys += [f"policy.flag.{flag.value}" for flag in Flag]
    keys += [f"policy.reason.{status.value}" for status in ReasonStatus]
    keys += [f"policy.answer.{answer.value}.{part}" for answer in Answer for part in ("title", "meaning")]
    for key in keys:
        assert all(say(lang, key) for lang in Lang), key
    assert set(OUTCOMES.values()) == set(Outcome)


def test_every_problem_code_in_the_source_has_words() -> None:
    code = re.compile(r'(?:report\.add\([^"]*?|_refused\([^"]*?|code=|code = |return )"([a-z0-9_]+)"')
    used = {found for path in SOURCE.glob("*.py") for found in code.findall(path.read_text("utf-8"))}
    problems = {key.removeprefix("policy.problem.") for key in words(Lang.ZH) if key.startswith("policy.problem.")}

    assert len(used & problems) > 50, "the pattern still finds the codes"
    assert {name for name in used if not has_words(f"policy.problem.{name}")} <= {"yes", "no"}
