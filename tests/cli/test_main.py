"""The command line answers at once, in the reader's language, and says a refusal instead of a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from huiliu.cli.errors import BadSetting
from huiliu.cli.main import COMMANDS, main
from huiliu.cli.runtime import read_settings
from huiliu.cli.words import terminal_lang
from huiliu.kit.text import Lang


def test_help_imports_no_command_and_no_driver() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from huiliu.cli.main import main;"
        "CliRunner().invoke(main, ['--help']); heavy = {'psycopg', 'granian', 'litestar', 'httpx', 'rich', 'huiliu.cli.serve'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_lists_what_is_there_in_the_systems_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    chinese = CliRunner().invoke(main, ["--help"]).output
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    english = CliRunner().invoke(main, ["--help"]).output
    assert "数字商品" in chinese
    assert "digital goods" in english
    assert "doctor" in chinese
    assert "doctor" in english


def test_a_command_whose_module_is_absent_is_neither_listed_nor_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huiliu.cli.main.COMMANDS", dict(COMMANDS) | {"demo": "huiliu.cli.not_there:demo"})
    assert "  demo " not in CliRunner().invoke(main, ["--help"]).output
    assert CliRunner().invoke(main, ["demo"]).exit_code == 2


@pytest.mark.parametrize(
    ("environ", "lang"),
    [
        ({}, Lang.EN),
        ({"LANG": "zh_CN.UTF-8"}, Lang.ZH),
        ({"LANG": "en_GB.UTF-8"}, Lang.EN),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "zh_TW"}, Lang.ZH),
        ({"LANG": "zh_CN", "LC_ALL": "C"}, Lang.EN),
        ({"LANG": "zh_CN", "LC_ALL": ""}, Lang.ZH),
    ],
)
def test_the_language_is_read_as_posix_reads_it(environ: dict[str, str], lang: Lang) -> None:
    assert terminal_lang(environ) is lang


def test_a_bad_setting_is_named_as_the_operator_wrote_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUILIU_PORT", "eighty")
    with pytest.raises(BadSetting) as refused:
        read_settings()
    assert "HUILIU_PORT" in str(refused.value.facts["problem"])


def test_a_silent_database_is_said_in_words_and_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HUILIU_DATABASE_URL", "postgresql://127.0.0.1:1/nowhere")
    monkeypatch.setenv("HUILIU_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("LC_ALL", "C")
    told = CliRunner().invoke(main, ["migrate"])
    assert told.exit_code == 1
    assert "does not answer" in told.output
    assert "Traceback" not in told.output
    assert list(tmp_path.iterdir()) == []
