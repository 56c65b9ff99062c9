"""Back-tests against judging each claim by itself, from rows, from the fast file and from a plain one; and bad files."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from huiliu.bench.policy_parts import repeatable
from huiliu.kit.money import Money
from huiliu.kit.text import Lang, refusal_words
from huiliu.policy.amount import OrderMoney, Used, refund_amount
from huiliu.policy.backtest.claim import ClaimRow
from huiliu.policy.backtest.file import ClaimsFile
from huiliu.policy.backtest.frame import ClaimsFileError
from huiliu.policy.backtest.made import made_claims, made_frame, write_made_claims
from huiliu.policy.backtest.replay import Source, backtest
from huiliu.policy.backtest.report import Progress, Report, State
from huiliu.policy.backtest.rows import write_claims, write_frame
from huiliu.policy.evaluate import judge
from huiliu.policy.facts import to_facts
from huiliu.policy.model import CaseFacts, Facts, Outcome, Policy
from huiliu.policy.parse import parse_policy
from huiliu.policy.words import EVIDENCE, VALUES
from tests.policy.files import DEMO, demo, example

STRICTER = DEMO.replace(
    "按未用比例退款\n    金额: {按: 用量, 手续费: 退, 舍入: 有利买家}",
    "按未用比例退款\n    金额: {按: 时间, 手续费: 不退, 舍入: 有利平台, 上限: 30元}",
)
OWN_FACT = DEMO.replace(
    "  曾伪造凭证: {是否: true}", "  曾伪造凭证: {是否: true}\n  次数: {计数: [0, 9]}\n  商品: {枚举: [点卡, 其他商品]}"
).replace("当: {退款原因: 描述不符}", "当: {退款原因: 描述不符, 次数: 3以下, 商品: 点卡}")


def drawn_rows(count: int, seed: int) -> list[ClaimRow]:
    random = repeatable(seed)

    def use() -> Used | None:
        total = random.randint(0, 30)
        return random.choice((None, Used(total, random.randint(0, 33), random.choice(("", "day", "level")))))

    rows: list[ClaimRow] = []
    for i in range(count):
        paid = random.randint(1, 300_000)
        decided = random.choice((None, *Outcome))
        rows.append(
            ClaimRow(
                claim_no=f"C{i}",
                case=CaseFacts(
                    reason=random.choice(list(VALUES["退款原因"].values())),
                    product_kind=random.choice(list(VALUES["商品类型"].values())),
                    age_seconds=random.choice((-5, 0, 3_600, 3_601, 86_400, 86_401, random.randint(0, 400_000))),
                    usage=random.choice((None, "unused", "part_used", "used")),
                    usage_proven=random.random() < 0.6,
                    amount_minor=paid,
                    forged_before=random.random() < 0.05,
                    delivery_state=random.choice(("unknown", "pending", "processing", "delivered", "failed")),
                    product=random.choice(("", "点卡", "别的")),
                    exception_confirmed=random.choice((None, True, False)),
                ),
                evidence=tuple(code for code in EVIDENCE.values() if random.random() < 0.7),
                facts={"次数": random.randint(0, 9)} if random.random() < 0.8 else {},
                proven=frozenset({"次数"}) if random.random() < 0.5 else frozenset(),
                paid_minor=paid,
                fee_minor=random.randint(0, 900),
                taken_minor=random.choice((0, 0, random.randint(0, paid))),
                units=use(),
                time=use(),
                promised=use(),
                decided=decided,
                decided_minor=random.choice((0, paid)) if decided else None,
            )
        )
    return rows


def alone(policy: Policy, row: ClaimRow) -> tuple[State, frozenset[str], int, bool]:
    """(state, missing, refund, refund that nobody measured), as everything else in the program judges a claim."""
    facts = to_facts(policy, row.case)
    own = {name: value for name, value in row.facts.items() if policy.fact(name) is not None}
    verdict = judge(policy, Facts({**facts.values, **own}, facts.proven | row.proven), frozenset(row.evidence))
    if verdict.missing:
        return State.MISSING, frozenset(verdict.missing), 0, False
    if verdict.amount is None:
        return State(verdict.outcome.value), frozenset(), 0, False
    amount = refund_amount(
        verdict.amount,
        OrderMoney(
            paid=Money(row.paid_minor), fee=Money(row.fee_minor), refunded=Money(row.taken_minor), reserved=Money(0)
        ),
        units=row.units,
        time=row.time,
        promised=row.promised,
    )
    return (
        State(verdict.outcome.value),
        frozenset(),
        0 if amount is None else amount.refund.amount_minor,
        amount is None,
    )


def report_of(old: Policy, new: Policy, claims: Source, *, changes_max: int = 200) -> Report:
    *_, report = backtest(old, new, claims, changes_max=changes_max)
    assert isinstance(report, Report)
    return report


def check(report: Report, old: Policy, new: Policy, rows: list[ClaimRow]) -> None:
    """Every number of a report, from judging each claim by itself."""
    answers = [(row, alone(old, row), alone(new, row)) for row in rows]
    assert report.claims == len(rows)
    assert {(cell.old, cell.new): cell.claims for cell in report.cells} == Counter((a[0], b[0]) for _, a, b in answers)
    for cell in report.cells:
        inside = [(a, b) for _, a, b in answers if (a[0], b[0]) == (cell.old, cell.new)]
        assert (cell.old_minor, cell.new_minor) == (sum(a[2] for a, _ in inside), sum(b[2] for _, b in inside))
    assert report.old_minor == sum(a[2] for _, a, _ in answers)
    assert report.new_minor == sum(b[2] for _, _, b in answers)
    assert report.difference_minor == report.new_minor - report.old_minor
    assert (report.old_unmeasured, report.new_unmeasured) == (
        sum(a[3] for _, a, _ in answers),
        sum(b[3] for _, _, b in answers),
    )
    changed = [row.claim_no for row, a, b in answers if a[:3] != b[:3]]
    assert report.changed == len(changed)
    assert [change.claim_no for change in report.changes] == changed[: len(report.changes)]
    agreement = report.agreement
    assert agreement is not None
    decided = [(row, a, b) for row, a, b in answers if row.decided is not None]
    assert agreement.claims == len(decided)
    assert agreement.decided_minor == sum(row.decided_minor or 0 for row, _, _ in decided)
    sides = (
        ([(row, a) for row, a, _ in decided], agreement.old_outcomes, agreement.old_amounts),
        ([(row, b) for row, _, b in decided], agreement.new_outcomes, agreement.new_amounts),
    )
    for pairs, outcomes, amounts in sides:
        same = [(row, answer) for row, answer in pairs if row.decided == answer[0].value]
        assert outcomes == len(same)
        assert amounts == sum(answer[2] == row.decided_minor for row, answer in same)


VERSIONS = [
    pytest.param(demo(), parse_policy(STRICTER), id="money"),
    pytest.param(demo(), parse_policy(OWN_FACT), id="a fact of its own"),
    pytest.param(example(), demo(), id="two policies"),
]


@pytest.mark.parametrize(("old", "new"), VERSIONS)
def test_rows_are_compared_as_each_is_judged(old: Policy, new: Policy) -> None:
    rows = drawn_rows(2_000, 1)

    check(report_of(old, new, iter(rows)), old, new, rows)


@pytest.mark.parametrize(("old", "new"), VERSIONS)
def test_a_file_of_rows_gives_what_the_rows_give(old: Policy, new: Policy, tmp_path: Path) -> None:
    rows = drawn_rows(1_500, 2)
    assert write_claims(tmp_path / "claims.parquet", rows) == len(rows)

    check(report_of(old, new, ClaimsFile(tmp_path / "claims.parquet")), old, new, rows)


def plain_frame(rows: list[ClaimRow]) -> pl.DataFrame:
    """What somebody else would write: text, lists, booleans, gaps, and columns that mean nothing here."""
    return pl.DataFrame(
        {
            "claim_no": [row.claim_no for row in rows],
            "reason": [row.case.reason for row in rows],
            "product_kind": pl.Series([row.case.product_kind for row in rows], dtype=pl.Categorical),
            "age_seconds": [max(0, row.case.age_seconds) for row in rows],
            "usage": [row.case.usage for row in rows],
            "usage_proven": [row.case.usage_proven for row in rows],
            "amount_minor": [row.case.amount_minor for row in rows],
            "forged_before": [row.case.forged_before for row in rows],
            "delivery_state": [row.case.delivery_state for row in rows],
            "product": [row.case.product for row in rows],
            "exception_confirmed": [row.case.exception_confirmed for row in rows],
            "fact:次数": [row.facts.get("次数") for row in rows],
            "proven:次数": ["次数" in row.proven for row in rows],
            "evidence": [list(row.evidence) for row in rows],
            "paid_minor": [row.paid_minor for row in rows],
            "fee_minor": [row.fee_minor for row in rows],
            "taken_minor": [row.taken_minor for row in rows],
            "units_total": [None if row.units is None else row.units.total for row in rows],
            "units_used": [None if row.units is None else row.units.used for row in rows],
            "unit": [None if row.units is None else row.units.unit for row in rows],
            "time_total": [None if row.time is None else row.time.total for row in rows],
            "time_used": [None if row.time is None else row.time.used for row in rows],
            "decided": [None if row.decided is None else row.decided.value for row in rows],
            "decided_minor": [row.decided_minor for row in rows],
            "buyer_note": ["" for _ in rows],
        }
    )


@pytest.mark.parametrize(("old", "new"), VERSIONS)
def test_a_plain_file_gives_the_same(old: Policy, new: Policy, tmp_path: Path) -> None:
    rows = drawn_rows(1_000, 3)
    plain_frame(rows).write_parquet(tmp_path / "plain.parquet")

    check(report_of(old, new, ClaimsFile(tmp_path / "plain.parquet")), old, new, rows)


def test_progress_ends_with_everything_and_then_the_report(tmp_path: Path) -> None:
    write_made_claims(tmp_path / "made.parquet", 3_000, 1)

    *steps, report = backtest(demo(), demo(), ClaimsFile(tmp_path / "made.parquet"))

    assert steps[-1] == Progress(3_000, 3_000)
    assert isinstance(report, Report)
    assert (report.changed, report.difference_minor, report.changes) == (0, 0, ())


def test_rows_without_a_total_say_how_many_are_done() -> None:
    steps = list(backtest(demo(), demo(), iter(drawn_rows(5, 4))))

    assert steps[0] == Progress(5, None)


def test_nothing_to_judge_is_an_empty_report() -> None:
    (report,) = backtest(demo(), demo(), ())

    assert isinstance(report, Report)
    assert (report.claims, report.cells, report.agreement) == (0, (), None)


def test_the_list_of_changed_claims_is_bounded_and_each_says_both_answers() -> None:
    new = parse_policy(DEMO.replace("则: 全额退款", "则: 拒绝", 1))
    report = report_of(demo(), new, iter(drawn_rows(2_000, 5)), changes_max=3)

    assert report.changed > len(report.changes) == 3
    for change in report.changes:
        assert (change.old.clause, change.old.state) == ("F1", State.FULL)
        assert (change.old.state, change.old.refund_minor) != (change.new.state, change.new.refund_minor)
        assert change.facts.values["退款原因"] == "充值未到账"


def test_made_claims_are_the_same_for_the_same_seed() -> None:
    assert made_frame(50, 7)[0].equals(made_frame(50, 7)[0])
    assert made_claims(50, 7).count == 50


def broken(tmp_path: Path, **columns: pl.Expr) -> Path:
    frame = plain_frame(drawn_rows(20, 6)).with_columns(**columns)
    frame.write_parquet(tmp_path / "broken.parquet")
    return tmp_path / "broken.parquet"


@pytest.mark.parametrize(
    ("problem", "columns"),
    [
        ("word", {"reason": pl.lit("because")}),
        ("word", {"decided": pl.lit("maybe")}),
        ("word", {"evidence": pl.lit(["selfie"])}),
        ("column_type", {"age_seconds": pl.lit("old")}),
        ("column_type", {"evidence": pl.lit(3)}),
        ("column_type", {"reason": pl.lit(1)}),
        ("column_type", {"amount_minor": pl.lit(1.5)}),
        ("number", {"paid_minor": pl.lit(-1)}),
        ("number", {"amount_minor": pl.lit(1 << 60)}),
        ("gap", {"paid_minor": pl.lit(None, dtype=pl.Int64)}),
        ("truth", {"usage_proven": pl.lit(7)}),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_column(
    tmp_path: Path, problem: str, columns: dict[str, pl.Expr]
) -> None:
    with pytest.raises(ClaimsFileError) as caught:
        report_of(demo(), demo(), ClaimsFile(broken(tmp_path, **columns)))

    assert caught.value.facts["problem"] == f"claims_{problem}"
    assert caught.value.facts["column"] in columns
    for lang in Lang:
        assert "claims_" not in refusal_words(lang, caught.value)[0]


def test_what_is_not_parquet_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"PAR1", b"claim_no,reason\n1,changed_mind\n", bytes(5_000)):
        (tmp_path / "no.parquet").write_bytes(content)
        with pytest.raises(ClaimsFileError):
            ClaimsFile(tmp_path / "no.parquet")


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    write_made_claims(tmp_path / "made.parquet", 5_000, 1)
    content = bytearray((tmp_path / "made.parquet").read_bytes())
    content[len(content) // 3 : len(content) * 2 // 3] = bytes(len(content) * 2 // 3 - len(content) // 3)
    (tmp_path / "made.parquet").write_bytes(content)

    with pytest.raises(ClaimsFileError):
        report_of(demo(), demo(), ClaimsFile(tmp_path / "made.parquet"))


def test_a_missing_column_is_refused(tmp_path: Path) -> None:
    plain_frame(drawn_rows(3, 1)).drop("evidence").write_parquet(tmp_path / "short.parquet")

    with pytest.raises(ClaimsFileError) as caught:
        ClaimsFile(tmp_path / "short.parquet")

    assert caught.value.facts["column"] == "evidence"


def test_codes_beyond_their_words_are_refused(tmp_path: Path) -> None:
    frame, layout = made_frame(100, 1)
    write_frame(tmp_path / "codes.parquet", frame.with_columns(reason=pl.lit(99, dtype=pl.UInt8)), layout)

    with pytest.raises(ClaimsFileError) as caught:
        report_of(demo(), demo(), ClaimsFile(tmp_path / "codes.parquet"))

    assert (caught.value.facts["problem"], caught.value.facts["column"]) == ("claims_code", "reason")


def test_metadata_that_is_none_of_ours_is_refused(tmp_path: Path) -> None:
    frame, _ = made_frame(10, 1)
    deep = '{"more": ' + "[" * 100_000 + "]" * 100_000 + "}"
    for metadata in ("[]", "{", '{"version": 2}', '{"evidence": ["selfie"]}', deep):
        frame.write_parquet(tmp_path / "meta.parquet", metadata={"huiliu.claims": metadata})
        with pytest.raises(ClaimsFileError):
            ClaimsFile(tmp_path / "meta.parquet")
