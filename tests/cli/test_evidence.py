"""`huiliu evidence`: pictures inspected from the command line, without a database, in both languages."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from huiliu.cli.evidence.shown import InspectionOut
from huiliu.cli.main import main
from huiliu.evidence.inspection.model import Verdict
from huiliu.evidence.reading.reader import Reader
from tests.evidence.inspection.conftest import png
from tests.evidence.reading.pages import TRADE_NO, drawn

EXPECT = {
    "order_no": "KM20261120140300123456",
    "amount": "128.00",
    "trade_no": TRADE_NO,
    "paid_at": "2026-11-20T14:03:22",
    "status": "支付成功",
    "payee": "卡门数字科技有限公司",
    "uploaded_at": "2026-11-20T14:30:00+08:00",
}


@pytest.fixture(autouse=True)
def models_once(monkeypatch: pytest.MonkeyPatch, reader: Reader) -> None:
    """The real models, loaded once for all commands of this file."""
    monkeypatch.setattr(Reader, "load", lambda **_: reader)


@pytest.fixture(scope="module")
def reader() -> Reader:
    """As every command loads it."""
    return Reader.load(threads=2)


def run(*arguments: object) -> Result:
    """The command as a person would give it."""
    return CliRunner().invoke(main, ["evidence", *map(str, arguments)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A true bill, its expectation and what is no picture."""
    place = tmp_path_factory.mktemp("evidence")
    (place / "bill.png").write_bytes(png(drawn()))
    (place / "page.html").write_text("<html>", "utf-8")
    (place / "EXPECT.json").write_text(json.dumps(EXPECT), "utf-8")
    (place / "other.json").write_text(json.dumps({**EXPECT, "amount": 1280.5}), "utf-8")
    return place


def _size(file: Path) -> tuple[int, int]:
    with Image.open(file) as opened:
        return opened.size


# -------------------------------------------------------------------------------------------------------------- inspect


def test_one_file_is_one_line_of_json(folder: Path) -> None:
    done = run("inspect", folder / "bill.png", "--expect", folder / "EXPECT.json", "--json")
    assert done.exit_code == 0, done.output
    (line,) = done.stdout.splitlines()
    told = json.loads(line)
    assert (told["verdict"], told["reasons"], told["page"]) == ("consistent", ["records_agree"], "alipay_bill")
    assert told["file"] == str(folder / "bill.png")
    assert told["fields"]["amount"]["value"] == "128.00"
    assert set(told["fields"]["amount"]) == {"value", "text", "box", "score"}
    assert set(told["fields"]["amount"]["box"]) == {"x", "y", "width", "height"}
    assert {"gate", "look", "read", "check", "forgery", "total"} <= set(told["timings_ms"])
    assert set(told) == {*InspectionOut.__struct_fields__}


def test_another_amount_on_record_is_status_1_and_says_both(folder: Path) -> None:
    done = run("inspect", folder / "bill.png", "--expect", folder / "other.json", "--lang", "en")
    assert done.exit_code == 1
    assert "Differs from the records (contradicted)" in done.stdout
    assert "Amount differs: 128.00 in the picture, 1280.50 in the order record." in done.stdout


def test_people_read_fields_checks_and_times_in_chinese(folder: Path) -> None:
    done = run("inspect", folder / "bill.png", "--expect", folder / "EXPECT.json", "--lang", "zh")
    assert done.exit_code == 0
    for words in ("与记录一致", "支付宝账单详情", TRADE_NO, "金额一致：图片上是 128.00，订单记录是 128.00。", "用时"):
        assert words in done.stdout


def test_of_several_files_a_bad_one_is_named_and_the_next_goes_on(folder: Path) -> None:
    files = [folder / "page.html", folder / "absent.png", folder, folder / "bill.png"]
    done = run("inspect", *files, "--expect", folder / "EXPECT.json", "--lang", "en")
    assert done.exit_code == 2
    assert f"{folder / 'page.html'}: Web pages and SVG files" in done.stderr
    assert f"{folder / 'absent.png'}: The file cannot be opened" in done.stderr
    assert "Traceback" not in done.output
    assert "Matches the records" in done.stdout
    assert (
        "4 files: 1 match the records, 0 differ, 0 cannot be verified, 0 to be uploaded again, 3 cannot" in done.stdout
    )


def test_in_json_a_bad_file_is_a_line_with_its_error(folder: Path) -> None:
    done = run("inspect", folder / "page.html", folder / "bill.png", "--expect", folder / "other.json", "--json")
    bad, good = map(json.loads, done.stdout.splitlines())
    assert (bad["verdict"], bad["error"]["code"]) == (None, "evidence.active_content")
    assert good["verdict"] == "contradicted"
    assert done.exit_code == 1


@pytest.mark.parametrize("command", [("inspect",), ("inspect", "--json"), ("gate",), ("gate", "--json")])
def test_a_name_that_is_no_text_stops_nothing(command: tuple[str, ...], folder: Path, tmp_path: Path) -> None:
    odd = tmp_path / "bad\udcff.png"
    try:
        odd.write_bytes(b"")
    except (OSError, UnicodeError):
        pytest.skip("this disk takes only text for names")
    done = run(*command, odd, folder / "bill.png")
    assert "bad\ufffd.png" in done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert "bill.png" in done.output


@pytest.mark.parametrize(
    ("content", "named"),
    [('{"amuont": 1}', "amuont"), ("{", "EXPECT.json"), ('{"paid_at": "yesterday"}', "paid_at")],
)
def test_an_expectation_that_does_not_read_is_status_2_and_named(
    content: str, named: str, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "EXPECT.json").write_text(content, "utf-8")
    done = run("inspect", folder / "bill.png", "--expect", tmp_path / "EXPECT.json", "--lang", "en")
    assert done.exit_code == 2
    assert named in done.output
    assert "no file was inspected" in done.output


def test_a_picture_to_be_taken_again_is_status_1(tmp_path: Path) -> None:
    (tmp_path / "small.png").write_bytes(png(drawn().resize((160, 320))))
    done = run("inspect", tmp_path / "small.png", "--lang", "en")
    assert done.exit_code == 1
    assert "Please upload again (retake)" in done.stdout


def test_a_marked_copy_is_drawn_where_it_was_asked_for(folder: Path, tmp_path: Path) -> None:
    done = run("inspect", folder / "bill.png", "--draw", tmp_path / "new" / "drawn", "--json")
    told = json.loads(done.stdout)
    assert Path(told["drawn"]).parent == tmp_path / "new" / "drawn"
    assert _size(Path(told["drawn"])) == drawn().size


def test_a_folder_that_is_no_atlas_is_refused(folder: Path, tmp_path: Path) -> None:
    done = run("inspect", folder / "bill.png", "--atlas", tmp_path)
    assert done.exit_code == 2
    assert str(tmp_path) in done.output


def test_no_file_is_a_usage_error() -> None:
    assert run("inspect").exit_code == 2


# ------------------------------------------------------------------------------------------------------- atlas and gate


def test_an_atlas_is_built_shown_and_used(folder: Path, tmp_path: Path) -> None:
    trusted = tmp_path / "trusted"
    trusted.mkdir()
    for number in range(4):
        (trusted / f"{number}.png").write_bytes(png(drawn(amount=f"-1{number}8.00")))
    (trusted / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    built = run("atlas", "build", trusted, "--out", tmp_path / "atlas", "--json")
    assert built.exit_code == 0, built.output
    told = json.loads(built.stdout)
    assert (told["taken"], told["skipped"]) == (4, 1)
    assert "broken.png" in built.stderr
    shown = json.loads(run("atlas", "show", tmp_path / "atlas", "--json").stdout)
    assert shown["version"] == told["version"]
    assert run("atlas", "show", tmp_path / "atlas", "--lang", "zh").exit_code == 0
    used = run("inspect", folder / "bill.png", "--atlas", tmp_path / "atlas", "--json")
    assert json.loads(used.stdout)["atlas"] in ("compared", "unknown_profile")
    limits = run("atlas", "calibrate", trusted, "--atlas", tmp_path / "atlas")
    assert limits.exit_code == 0
    assert tomllib.loads(limits.stdout)["glyph_profile"]["png"] > 0


def test_an_atlas_that_is_none_is_not_shown(tmp_path: Path) -> None:
    assert run("atlas", "show", tmp_path).exit_code == 2
    assert run("atlas", "calibrate", tmp_path, "--atlas", tmp_path).exit_code == 2


def test_the_gate_tells_what_it_takes_and_what_not(folder: Path, tmp_path: Path) -> None:
    passed = run("gate", folder / "bill.png", "--out", tmp_path / "clean.png", "--lang", "en")
    assert passed.exit_code == 0, passed.output
    assert "accepted, image/png 720x" in passed.stdout
    assert _size(tmp_path / "clean.png") == drawn().size
    refused = run("gate", folder / "page.html", folder / "bill.png", "--json")
    assert refused.exit_code == 1
    first, second = map(json.loads, refused.stdout.splitlines())
    assert (first["accepted"], first["refusal"], second["accepted"]) == (False, "evidence.active_content", True)
    assert run("gate", folder / "absent.png").exit_code == 2
    assert run("gate", folder / "bill.png", folder / "page.html", "--out", tmp_path / "x").exit_code == 2


# ----------------------------------------------------------------------------------------------------- where it stands

SCRIPT = """
import sys
from importlib.abc import MetaPathFinder

class Absent(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"psycopg", "psycopg_pool", "litestar", "granian", "httpx", "jinja2", "uvloop"}:
            raise ModuleNotFoundError(name)
        return None

sys.meta_path.insert(0, Absent())
from huiliu.cli.main import main
main(sys.argv[1:])
"""


def test_everything_works_where_there_is_no_database_driver_and_no_web_server(folder: Path) -> None:
    arguments = ["evidence", "inspect", str(folder / "bill.png"), "--json", "--expect", str(folder / "EXPECT.json")]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HUILIU_DATABASE_URL": "postgresql://127.0.0.1:1/nowhere"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout)["verdict"] == "consistent"


GUIDE = (Path(__file__).parents[2] / "docs/guides/evidence-commands.md").read_text("utf-8")


def test_the_guides_examples_are_read_as_it_says(folder: Path, tmp_path: Path) -> None:
    blocks = [block.split("```")[0] for block in GUIDE.split("```json\n")[1:]]
    assert len(blocks) == 2
    for number, block in enumerate(blocks):
        (tmp_path / f"{number}.json").write_text(block, "utf-8")
        done = run("inspect", folder / "bill.png", "--expect", tmp_path / f"{number}.json", "--json")
        told = json.loads(done.stdout)
        assert not any(check["verdict"] == "contradicts" for check in told["checks"])
        assert told["verdict"] == ("consistent" if number == 0 else "unverifiable")


def test_the_guide_names_every_key_verdict_and_option() -> None:
    from huiliu.cli.evidence.inspecting import inspect_command
    from huiliu.evidence.checks.expectations import KEYS

    named = [*KEYS, *Verdict, *InspectionOut.__struct_fields__]
    named += [option for it in inspect_command.params for option in it.opts if option.startswith("--")]
    assert [name for name in named if f"{name}" not in GUIDE] == []
    fields = "{" + ", ".join(InspectionOut.__struct_fields__) + "}"
    assert f"`{fields}`" in GUIDE


def test_a_json_line_is_what_its_type_says(folder: Path) -> None:
    done = run("inspect", folder / "bill.png", "--json")
    assert msgspec.json.decode(done.stdout, type=InspectionOut).verdict is Verdict.UNVERIFIABLE
