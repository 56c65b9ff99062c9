"""`huiliu policy`: what it prints, in which language, and with which exit status."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from huiliu.cli.policy import policy
from huiliu.policy.parse import parse_policy
from tests.policy.files import DEMO, EXAMPLE, small


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(policy, [str(argument) for argument in arguments])


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(DEMO, "utf-8")
    return path


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.yaml"
    path.write_text(EXAMPLE.replace("则: 拒绝", "则: 拒退"), "utf-8")
    return path


def facts_file(tmp_path: Path, **facts: object) -> Path:
    path = tmp_path / "facts.json"
    path.write_text(json.dumps(facts), "utf-8")
    return path


def test_a_good_file_checks(good: Path) -> None:
    result = run("check", good, "--lang", "zh")

    assert result.exit_code == 0
    assert "没有问题：卡门平台退款政策 第 3 版，14 条条款" in result.output


def test_a_good_file_checks_as_json(good: Path) -> None:
    result = run("check", good, "--json")

    found = json.loads(result.output)
    assert (result.exit_code, found["ok"], found["problems"]) == (0, True, [])
    assert found["policy"]["content_hash"] == parse_policy(DEMO).content_hash.hex()


@pytest.mark.parametrize(
    ("lang", "words"), [("zh", "第 71 行第 8 列：不认识“拒退”"), ("en", "line 71, column 8: “拒退”")]
)
def test_a_bad_file_is_told_with_its_place_and_fails(bad: Path, lang: str, words: str) -> None:
    result = run("check", bad, "--lang", lang)

    assert result.exit_code == 1
    assert words in result.output


def test_a_bad_file_is_told_as_json(bad: Path) -> None:
    result = run("check", bad, "--json", "--lang", "zh")

    found = json.loads(result.output)
    assert (result.exit_code, found["ok"]) == (1, False)
    assert [(problem["line"], problem["column"], problem["code"]) for problem in found["problems"]] == [
        (71, 8, "unknown_word")
    ]


def test_a_case_is_decided_with_its_reasons(good: Path, tmp_path: Path) -> None:
    facts = facts_file(
        tmp_path, 退款原因="不想要了", 下单时长="2小时", 使用情况="已使用", 金额="600元", 曾伪造凭证=False
    )

    result = run("decide", good, "--facts", facts, "--evidence", "未使用声明", "--lang", "zh")

    assert result.exit_code == 0
    assert "结果：全额退款（F6 超过一小时但确未使用）" in result.output
    assert "还缺：平台核验截图" in result.output
    assert "未举证，按推定判断：使用情况" in result.output
    assert "附加：风控复核" in result.output
    assert "补上平台核验截图" in result.output


def test_a_case_is_decided_as_json_with_proven_facts(good: Path, tmp_path: Path) -> None:
    facts = facts_file(
        tmp_path, reason="changed_mind", order_age=60, usage="used", forged_before=False, proven=["usage"]
    )

    result = run("decide", good, "--facts", facts, "--json")

    verdict = json.loads(result.output)["verdict"]
    assert result.exit_code == 0
    assert (verdict["outcome"], verdict["clause"]["id"]) == ("reject", "F8")
    assert len(verdict["reasons"]) == 14


def test_a_case_shows_the_arithmetic_of_its_amount(good: Path, tmp_path: Path) -> None:
    facts = facts_file(
        tmp_path,
        退款原因="不想要了",
        下单时长=60,
        使用情况="部分使用",
        金额="30元",
        曾伪造凭证=False,
        已证明="使用情况",
    )

    result = run("decide", good, "--facts", facts, "--used", "12/30", "--json", "--lang", "zh")

    found = json.loads(result.output)
    assert found["amount"] == {
        "refund_minor": 18_00,
        "arithmetic": "已付 ¥30.00 × 未使用 18/30 = ¥18.00（不足一分的部分归您）",
    }
    assert found["formula"] == "已付金额（含支付手续费）× 未使用用量 ÷ 总用量；不足一分的部分归买家"


@pytest.mark.parametrize("used", ["31/30", "0/0", "half", "-1/30"])
def test_an_impossible_use_is_a_usage_error(good: Path, tmp_path: Path, used: str) -> None:
    assert run("decide", good, "--facts", facts_file(tmp_path), "--used", used).exit_code == 2


@pytest.mark.parametrize(("expected", "status"), [("reject", 0), ("reject:F8", 0), ("full", 1), ("reject:F1", 1)])
def test_a_decision_other_than_expected_fails(good: Path, tmp_path: Path, expected: str, status: int) -> None:
    facts = facts_file(
        tmp_path, 退款原因="不想要了", 下单时长=60, 使用情况="已使用", 曾伪造凭证=False, 已证明="使用情况"
    )

    assert run("decide", good, "--facts", facts, "--expect", expected).exit_code == status


def test_advice_is_the_cheapest_evidence_and_says_until_when(good: Path, tmp_path: Path) -> None:
    facts = facts_file(tmp_path, 退款原因="不想要了", 下单时长="2小时", 使用情况="未使用", 曾伪造凭证=False)

    result = run("advise", good, "--facts", facts, "--evidence", "unused_declaration", "--json", "--lang", "zh")

    found = json.loads(result.output)
    assert (result.exit_code, found["ok"], found["outcome"], found["complete"]) == (0, True, "full", False)
    assert found["advice"]["evidence"] == ["platform_check"]
    assert (found["advice"]["clause"], found["advice"]["cost"]) == ("F6", 3)
    assert found["advice"]["open_seconds"] == 22 * 3600
    assert found["advice"]["message"] == (
        "补上平台核验截图，即可按 F6 超过一小时但确未使用 办理全额退款。这一答复在 22小时 内有效。"
    )


def test_where_no_evidence_helps_advising_fails_and_says_so(good: Path, tmp_path: Path) -> None:
    facts = facts_file(
        tmp_path, 退款原因="不想要了", 下单时长=60, 使用情况="已使用", 曾伪造凭证=False, 已证明="使用情况"
    )

    result = run("advise", good, "--facts", facts, "--lang", "zh")

    assert result.exit_code == 1
    assert result.output == "没有哪样凭证能改变这个结果（不予退款），它由事实决定\n"


def test_what_is_unknown_is_asked_for_before_any_advice(good: Path, tmp_path: Path) -> None:
    result = run("advise", good, "--facts", facts_file(tmp_path, 下单时长=60), "--lang", "zh")

    assert result.exit_code == 1
    assert "需要先弄清：退款原因" in result.output


def test_the_table_names_every_clause_in_words(good: Path) -> None:
    result = run("table", good, "--lang", "zh")
    rows = json.loads(run("table", good, "--json", "--lang", "zh").output)["clauses"]

    assert result.exit_code == 0
    assert all(
        name in result.output for name in ("F1", "F13", "F0", "超过一小时但确未使用", "未使用声明、平台核验截图")
    )
    third = next(row for row in rows if row["id"] == "F3")
    assert third["when"] == {"退款原因": "服务未达标", "使用情况": "未使用或部分使用"}
    assert "不足一分的部分归买家" in third["formula"]


def test_golden_cases_are_run_and_one_that_fails_is_named(tmp_path: Path) -> None:
    path = tmp_path / "golden.yaml"
    rest = """
样例:
  - {名称: 充错了, 事实: {退款原因: 充值错误}, 应当: {结果: 全额退款, 条款: F1}}
  - {名称: 变心了, 事实: {退款原因: 不想要了}, 应当: 拒绝}
"""
    path.write_text(small("  - {编号: F1, 名称: 甲, 当: {退款原因: 充值错误}, 则: 全额退款}", rest=rest), "utf-8")

    told = run("golden", path, "--lang", "zh")
    found = json.loads(run("golden", path, "--json").output)

    assert (told.exit_code, found["ok"]) == (1, False)
    assert "变心了：应当是不予退款，现在是转人工审核\n" in told.output
    assert "2 个样例，1 个符合" in told.output
    assert [(case["name"], case["holds"], case["outcome"]) for case in found["cases"]] == [
        ("充错了", True, "full"),
        ("变心了", False, "person"),
    ]


@pytest.mark.parametrize("facts", [{"退款原因": "没有理由"}, {"未知": 1}])
def test_facts_that_do_not_fit_fail(good: Path, tmp_path: Path, facts: dict[str, object]) -> None:
    assert run("decide", good, "--facts", facts_file(tmp_path, **facts)).exit_code == 1


@pytest.mark.parametrize("content", ["[1]", "{", '{"a": ' * 5_000, '{"a": "' + "x" * 70_000 + '"}', "\udce9"])
def test_a_facts_file_that_is_not_a_small_json_object_is_a_usage_error(
    good: Path, tmp_path: Path, content: str
) -> None:
    path = tmp_path / "facts.json"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))

    result = run("decide", good, "--facts", path)

    assert result.exit_code == 2
    assert "--facts" in result.output


@pytest.mark.parametrize(
    "content", ['{"退款原因": "不想要了", "退款原因": "充值错误"}', '{"order_age": 1, "下单时长": 2}']
)
def test_a_fact_said_twice_is_a_usage_error(good: Path, tmp_path: Path, content: str) -> None:
    path = tmp_path / "facts.json"
    path.write_text(content, "utf-8")

    result = run("decide", good, "--facts", path)

    assert result.exit_code == 2
    assert "--facts" in result.output


@pytest.mark.parametrize("out", ["/dev/full", "{}/not there/policy.dmn"])
def test_where_nothing_can_be_written_is_said_and_fails(good: Path, tmp_path: Path, out: str) -> None:
    result = run("export", good, "--out", out.format(tmp_path), "--json")

    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert out.format(tmp_path) in result.output


def test_unknown_evidence_is_a_usage_error(good: Path, tmp_path: Path) -> None:
    result = run("decide", good, "--facts", facts_file(tmp_path), "--evidence", "聊天记录")

    assert result.exit_code == 2
    assert "聊天记录" in result.output


def test_publishing_a_bad_file_fails_before_the_database_is_touched(bad: Path) -> None:
    assert run("publish", bad, "--platform", "kamen", "--lang", "zh").exit_code == 1


def test_what_publishing_refuses_is_told_as_json(bad: Path) -> None:
    result = run("publish", bad, "--platform", "kamen", "--json")

    found = json.loads(result.output)
    assert (result.exit_code, found["ok"], found["problems"][0]["code"]) == (1, False, "unknown_word")


@pytest.mark.parametrize("instant", ["tomorrow", "2027-01-01", "2027-01-01T00:00:00"])
def test_an_instant_without_its_offset_is_a_usage_error(good: Path, instant: str) -> None:
    result = run("publish", good, "--platform", "kamen", "--effective-from", instant)

    assert result.exit_code == 2
    assert "--effective-from" in result.output


def test_publishing_reaches_the_platform_and_a_second_time_changes_nothing(
    good: Path, tmp_path: Path, db_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUILIU_DATABASE_URL", db_url)
    monkeypatch.setenv("HUILIU_DATA_DIR", str(tmp_path))
    with psycopg.connect(db_url, autocommit=True) as connection:
        connection.execute("INSERT INTO platforms (slug, name, name_en) VALUES ('yuanmen', '远门', 'Yuanmen')")
    good.write_text(DEMO.replace("2025-12-01", "2099-12-01"), "utf-8")

    first = run("publish", good, "--platform", "yuanmen", "--lang", "zh")
    again = run("publish", good, "--platform", "yuanmen", "--lang", "zh")
    moved = run(
        "publish", good, "--platform", "yuanmen", "--effective-from", "2099-01-01T00:00:00+08:00", "--lang", "zh"
    )

    told = json.loads(run("publish", good, "--platform", "yuanmen", "--json").output)

    assert (first.exit_code, again.exit_code, moved.exit_code) == (0, 0, 1)
    assert (told["ok"], told["problems"], told["policy"]["label"]) == (True, [], "3")
    assert told["id"] in first.output
    assert "对 2099-12-01 00:00:00（北京时间）起的订单生效" in first.output
    assert again.output == first.output
    assert "早已发布" in moved.output
