"""`huiliu policy backtest | claims`: the matrix, the money, the claims that change, from a file and from the database."""

from __future__ import annotations

import json
import os
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from huiliu.cli.policy import policy, replay
from huiliu.cli.policy.apart import Died, run_apart
from huiliu.policy.backtest.claim import ClaimRow
from huiliu.policy.backtest.rows import write_claims
from huiliu.policy.model import CaseFacts, Outcome
from tests.policy.files import DEMO, HOUR

STRICTER = (
    DEMO.replace('版本: "3"', '版本: "4"')
    .replace("下单时长: 1小时以内, 使用情况: 未使用", "下单时长: 30分钟以内, 使用情况: 未使用")
    .replace("下单时长: 超过1小时, 使用情况: 未使用", "下单时长: 超过30分钟, 使用情况: 未使用")
)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(policy, [str(argument) for argument in arguments])


def changed_mind(claim_no: str, minutes: int) -> ClaimRow:
    return ClaimRow(
        claim_no=claim_no,
        case=CaseFacts(
            reason="changed_mind",
            product_kind="card",
            age_seconds=minutes * 60,
            usage="unused",
            amount_minor=50_00,
            delivery_state="delivered",
        ),
        paid_minor=50_00,
        decided=Outcome.FULL,
        decided_minor=50_00,
    )


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    old, new, claims = tmp_path / "old.yaml", tmp_path / "new.yaml", tmp_path / "claims.parquet"
    old.write_text(DEMO, "utf-8")
    new.write_text(STRICTER, "utf-8")
    write_claims(claims, [changed_mind("RF1", 10), changed_mind("RF2", 45), changed_mind("RF3", 2 * HOUR // 60)])
    return old, new, claims


def test_past_claims_are_judged_by_both_versions(files: tuple[Path, Path, Path]) -> None:
    old, new, claims = files

    result = run("backtest", new, "--against", old, "--claims", claims, "--json")

    found = json.loads(result.output)
    assert (result.exit_code, found["ok"], found["claims"], found["changed"]) == (1, False, 3, 1)
    cells = {(cell["old"], cell["new"]): cell for cell in found["matrix"]}
    assert cells["full", "missing"] == {
        "old": "full",
        "new": "missing",
        "claims": 1,
        "old_minor": 50_00,
        "new_minor": 0,
        "difference_minor": -50_00,
    }
    assert found["difference_minor"] == -50_00
    assert [change["claim_no"] for change in found["examples"]] == ["RF2"]


def test_the_matrix_is_printed_with_the_claims_that_change(files: tuple[Path, Path, Path]) -> None:
    old, new, claims = files

    result = run("backtest", new, "--against", old, "--claims", claims, "--lang", "zh")

    assert result.exit_code == 1
    assert "过往申请 3 件" in result.output
    assert "RF2：全额退款 F5 ¥50.00 → 等待补件 F6（还缺未使用声明、平台核验截图）" in result.output
    assert "3 件中有 1 件结果不同；退款合计变动 -¥50.00" in result.output


def test_the_same_version_changes_nothing(files: tuple[Path, Path, Path]) -> None:
    old, _, claims = files

    assert run("backtest", old, "--against", old, "--claims", claims).exit_code == 0


def test_a_file_that_holds_no_claims_is_refused_in_words(files: tuple[Path, Path, Path]) -> None:
    old, new, _ = files

    result = run("backtest", new, "--against", old, "--claims", old, "--json", "--lang", "en")

    found = json.loads(result.output)
    assert (result.exit_code, found["ok"]) == (1, False)
    assert "not a Parquet file" in found["problems"][0]["message"]


def test_claims_come_from_exactly_one_place(files: tuple[Path, Path, Path]) -> None:
    old, new, claims = files

    assert run("backtest", new, "--against", old).exit_code == 2
    assert run("backtest", new, "--against", old, "--claims", claims, "--platform", "kamen").exit_code == 2


def test_a_platform_without_claims_replays_none_and_writes_an_empty_file(
    files: tuple[Path, Path, Path], db_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HUILIU_DATABASE_URL", db_url)
    monkeypatch.setenv("HUILIU_DATA_DIR", str(tmp_path))
    with psycopg.connect(db_url, autocommit=True) as connection:
        connection.execute("INSERT INTO platforms (slug, name, name_en) VALUES ('leer', '空', 'Empty')")
    old, new, _ = files
    out = tmp_path / "none.parquet"

    replayed = run("backtest", new, "--against", old, "--platform", "leer", "--json")
    written = run("claims", "--platform", "leer", "--out", out, "--json")

    assert (replayed.exit_code, json.loads(replayed.output)["claims"]) == (0, 0)
    assert (written.exit_code, json.loads(written.output)["claims"]) == (0, 0)
    assert run("backtest", new, "--against", old, "--claims", out).exit_code == 0


def test_a_process_that_dies_over_a_file_is_an_answer(tmp_path: Path) -> None:
    with pytest.raises(Died):
        run_apart(os._exit, 134)
    assert run_apart(str.upper, "alive") == "ALIVE"


def test_a_reader_that_dies_is_told_as_a_damaged_file(
    files: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new, claims = files

    def die(*_: object) -> None:
        raise Died

    monkeypatch.setattr(replay, "run_apart", die)
    result = run("backtest", new, "--against", old, "--claims", claims, "--json", "--lang", "en")

    found = json.loads(result.output)
    assert (result.exit_code, found["ok"]) == (1, False)
    assert "damaged" in found["problems"][0]["message"]
