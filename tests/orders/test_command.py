"""`huiliu orders import`, run as an operator runs it."""

import asyncio
import csv
import io
import json
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from huiliu.cli.orders import orders
from huiliu.kit.keyring import create_keyring
from tests.orders.test_sheets import GOOD, HEAD


@pytest.fixture
def environ(tmp_path: Path, db_url: str, platform_id: int) -> dict[str, str]:
    """An installation on the test database, with keys of its own."""
    create_keyring(tmp_path / "var" / "keys.toml")
    return {
        "HUILIU_DATA_DIR": str(tmp_path / "var"),
        "HUILIU_DATABASE_URL": db_url,
        "LANG": "zh_CN.UTF-8",
        "LC_ALL": "",
    }


async def run(environ: dict[str, str], *arguments: str) -> Result:
    """The command in a thread of its own: it runs an event loop itself."""
    return await asyncio.to_thread(CliRunner(env=environ).invoke, orders, ["import", *arguments])


def write(path: Path, *rows: list[str]) -> Path:
    """A sheet in GBK."""
    text = io.StringIO()
    csv.writer(text).writerows([HEAD, *rows])
    path.write_bytes(text.getvalue().encode("gbk"))
    return path


def stored(db_url: str, prefix: str) -> int:
    """How many orders with this prefix the database holds."""
    with psycopg.connect(db_url) as connection:
        row = connection.execute("SELECT count(*) FROM orders WHERE order_no LIKE %s", (f"{prefix}%",)).fetchone()
    assert row is not None
    return int(row[0])


async def test_good_rows_are_kept_bad_ones_written_down_and_a_repeat_changes_nothing(
    tmp_path: Path, environ: dict[str, str], db_url: str
) -> None:
    old = "2026/11/20 8:05"
    good = [[f"CLI{number}", *GOOD[1:5], "2026/11/01 8:05", *GOOD[6:]] for number in range(3)]
    bad = ["CLI9", *GOOD[1:4], "-1", old, *GOOD[6:]]
    file = write(tmp_path / "订单.csv", *good, bad)
    first = await run(environ, str(file), "--platform", "kamen")
    assert first.exit_code == 1, first.output
    assert "新增 3 · 更新 0 · 未变 0 · 拒绝 1 行" in first.output
    assert stored(db_url, "CLI") == 3
    rejects = (tmp_path / "订单.csv.rejects.csv").read_text("utf-8-sig")
    assert "CLI9" in rejects
    assert "必须大于 0" in rejects
    again = await run(environ, str(file), "--platform", "kamen", "--json")
    summary = json.loads(again.stdout)
    assert (summary["created"], summary["updated"], summary["unchanged"], summary["rejected_rows"]) == (0, 0, 3, 1)
    assert summary["problems"][0]["reason_code"] == "amount_not_positive"


async def test_a_dry_run_checks_everything_and_writes_nothing(
    tmp_path: Path, environ: dict[str, str], db_url: str
) -> None:
    file = write(tmp_path / "orders.csv", ["DRY1", *GOOD[1:5], "2026/11/01 8:05", *GOOD[6:]])
    done = await run(environ | {"LANG": "en_US.UTF-8"}, str(file), "--platform", "kamen", "--dry-run")
    assert done.exit_code == 0, done.output
    assert "1 new" in done.output
    assert "nothing of this was written" in done.output
    assert stored(db_url, "DRY") == 0


async def test_twenty_thousand_rows_are_imported(tmp_path: Path, environ: dict[str, str], db_url: str) -> None:
    rows = ([f"BULK{number}", *GOOD[1:5], "2026/11/01 8:05", *GOOD[6:]] for number in range(20_000))
    done = await run(environ, str(write(tmp_path / "orders.csv", *rows)), "--platform", "kamen", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["created"] == stored(db_url, "BULK") == 20_000


async def test_the_input_is_never_taken_for_the_reject_file(tmp_path: Path, environ: dict[str, str]) -> None:
    file = write(tmp_path / "orders.csv", GOOD)
    done = await run(environ, str(file), "--platform", "kamen", "--rejects", str(file))
    assert done.exit_code == 2
    assert file.stat().st_size > 0
