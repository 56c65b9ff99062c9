"""The walls: layers, lengths, words in both languages, documented settings, tenant-leading keys."""

from __future__ import annotations

import ast
import pkgutil
import re
import string
import subprocess
import sys
import tomllib
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import click
import msgspec
import psycopg
import pytest

import huiliu
from huiliu.cli.main import COMMANDS
from huiliu.cli.main import main as cli
from huiliu.kit.errors import all_refusals
from huiliu.kit.settings import Settings
from huiliu.kit.text import Lang, words
from tools import check_source

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "huiliu"
NOT_OF_ONE_PLATFORM = {"platforms", "calendar_days", "schema_migrations"}
"""Everything else belongs to a platform."""

DATE_PATTERNS = "web.time."
"""Each language picks the parts of a date that it writes."""


# ------------------------------------------------------------------------------------------------- layers and lengths


def test_every_package_has_its_place_in_the_layers() -> None:
    layers = _contracts()[0]["layers"]
    assert isinstance(layers, list)
    placed = set(re.findall(r"\w+", " ".join(str(layer) for layer in layers)))
    present = {module.name for module in pkgutil.iter_modules(huiliu.__path__)}
    assert present - placed == set()


def test_the_layers_are_the_ones_that_architecture_md_draws() -> None:
    layers = _contracts()[0]["layers"]
    assert isinstance(layers, list)
    drawn = " > ".join(re.sub(r"[()]", "", str(layer)) for layer in layers)
    assert drawn in " ".join((ROOT / "ARCHITECTURE.md").read_text("utf-8").split())


def test_imports_keep_every_contract() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_repository_keeps_its_own_rules() -> None:
    assert list(check_source.repository_problems(ROOT)) == []


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (check_source.long_module, "x = 1\n" * 400),
        (check_source.long_functions, "def f():\n" + "    x = 1\n" * 70),
        (check_source.without_docstring, '"""Module."""\ndef refund(): ...\n'),
        (
            check_source.without_docstring,
            '"""Module."""\nclass Claim:\n    """A claim."""\n    def settle(self): ...\n',
        ),
        (check_source.without_docstring, "x = 1\n"),
        (check_source.young_css, "a { color: oklch(50% 0 0) }"),
        (check_source.young_css, "a:has(b) { color: red }"),
        (check_source.young_css, "@layer base {}"),
        (check_source.young_css, "a { color: color-mix(in srgb, red, blue) }"),
        (check_source.young_css, "a { color: light-dark(red, blue) }"),
        (check_source.young_js, "a ??= 1"),
        (check_source.addresses, "anyio @ https://example.org/anyio.whl\n"),
        (check_source.addresses, "--extra-index-url somewhere\n"),
    ],
)
def test_a_broken_rule_is_noticed(rule: check_source.Rule, text: str) -> None:
    assert list(rule("a/file", text)) != []


@pytest.mark.parametrize("name", ["src/huiliu/web/static/vendor/htmx.min.js", "node_modules/a/b.js", "fonts/a.woff2"])
def test_a_file_from_elsewhere_is_noticed(name: str) -> None:
    assert list(check_source.brought_in([name])) != []


def test_short_documented_code_in_old_css_breaks_no_rule() -> None:
    python = '"""Module."""\ndef refund() -> None:\n    """Give it back."""\ndef _helper(): ...\n'
    assert list(check_source.long_module("a", python)) == []
    assert list(check_source.long_functions("a", python)) == []
    assert list(check_source.without_docstring("a", python)) == []
    assert list(check_source.young_css("a", "/* no oklch() here */ a { color: #123 }")) == []


# --------------------------------------------------------------------------------------------------------------- words


def test_both_languages_say_the_same_things() -> None:
    assert sorted(words(Lang.ZH)) == sorted(words(Lang.EN))


def test_neither_language_names_a_fact_that_the_other_calls_differently() -> None:
    """One may leave a fact out (an English parser's complaint helps no Chinese reader); both naming other facts is a slip."""
    zh, en = words(Lang.ZH), words(Lang.EN)
    differing = {
        key: (in_zh, in_en)
        for key in zh.keys() & en.keys()
        if not key.startswith(DATE_PATTERNS)
        and not ((in_zh := _facts(zh[key])) <= (in_en := _facts(en[key])) or in_en <= in_zh)
    }
    assert differing == {}


def test_no_language_says_nothing() -> None:
    assert [key for lang in Lang for key, text in words(lang).items() if not text.strip()] == []


def test_every_refusal_says_what_happened_and_what_to_do_next_in_both_languages() -> None:
    _import_everything()
    missing: list[str] = []
    for refusal in all_refusals():
        if "code" not in vars(refusal):
            continue  # a shared base: only its children are raised
        feature, _, what = refusal.code.rpartition(".")
        for part in ("title", "next"):
            key = f"{feature}.errors.{what}.{part}" if feature else f"errors.{what}.{part}"
            missing += [f"{lang} {key} ({refusal.__name__})" for lang in Lang if key not in words(lang)]
    assert missing == []


def test_no_two_refusals_share_a_code() -> None:
    _import_everything()
    codes = [refusal.code for refusal in all_refusals() if "code" in vars(refusal)]
    assert sorted(codes) == sorted(set(codes))


def test_every_refusal_has_a_docstring_and_a_status_of_its_kind() -> None:
    _import_everything()
    assert [refusal.__name__ for refusal in all_refusals() if not refusal.__doc__] == []
    assert [refusal.__name__ for refusal in all_refusals() if not 400 <= refusal.status < 600] == []


def test_every_finding_of_the_doctor_has_words() -> None:
    missing: list[str] = []
    for name in ("checks.py", "checks_database.py"):
        for check, level, what in _findings((SOURCE / "cli" / name).read_text("utf-8")):
            keys = [f"doctor.{check}.name", f"doctor.{check}.{what}"]
            keys += [] if level == "PASS" else [f"doctor.{check}.{what}_fix"]
            missing += [key for key in keys if key not in words(Lang.ZH)]
    assert missing == []


def test_every_command_has_its_line_in_the_help() -> None:
    assert [name for name in COMMANDS if f"cli.command.{name}" not in words(Lang.ZH)] == []


def test_every_command_is_there_and_explains_itself() -> None:
    for target in COMMANDS.values():
        module, _, attribute = target.partition(":")
        if find_spec(module) is not None:
            assert getattr(import_module(module), attribute).help


def test_every_command_that_a_text_advises_exists() -> None:
    texts = [text for lang in Lang for text in words(lang).values()]
    texts += [path.read_text("utf-8") for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]]
    advised = {found for text in texts for found in re.findall(r"\bhuiliu ([a-z]+)(?: ([a-z]+))?", text)}
    wrong: list[str] = []
    for name, below in advised:
        if name in COMMANDS and find_spec(COMMANDS[name].partition(":")[0]) is None:
            continue  # listed, and not part of this installation
        command = cli.get_command(click.Context(cli), name)
        is_group = isinstance(command, click.Group)
        if command is None or (is_group and below and command.get_command(click.Context(command), below) is None):
            wrong.append(f"huiliu {name} {below}")
    assert wrong == []
    assert len(advised) > 5


# ------------------------------------------------------------------------------------------------------------ settings


def test_every_setting_is_documented_and_no_other() -> None:
    documented = set(re.findall(r"^### `HUILIU_(\w+)`", (ROOT / "docs/settings.md").read_text("utf-8"), re.MULTILINE))
    assert documented == {field.name.upper() for field in msgspec.structs.fields(Settings)}


def test_every_decision_says_what_enforces_it() -> None:
    decisions = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))
    assert decisions
    assert [path.name for path in decisions if "Enforced by:" not in path.read_text("utf-8")] == []


def test_every_recipe_touches_at_most_six_files() -> None:
    recipes = re.split(r"^### ", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), flags=re.MULTILINE)[1:]
    assert len(recipes) >= 5
    assert {
        recipe.splitlines()[0]: n
        for recipe in recipes
        if not 1 <= (n := len(re.findall(r"^\d\. ", recipe, re.MULTILINE))) <= 6
    } == {}


# -------------------------------------------------------------------------------------------------------------- schema


def test_every_platform_owned_table_leads_its_keys_with_the_platform(db_url: str) -> None:
    leading = _query(
        db_url,
        "SELECT c.relname, i.indexrelid::regclass::text, a.attname FROM pg_index i"
        " JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
        " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]"
        " WHERE n.nspname = 'public' AND i.indisunique",
    )
    wrong = [row for row in leading if row[0] not in NOT_OF_ONE_PLATFORM and row[2] != "platform_id"]
    assert wrong == []
    assert len(leading) > 30


def test_every_table_belongs_to_a_platform_and_has_a_primary_key(db_url: str) -> None:
    tables = {row[0] for row in _query(db_url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    keyed = {
        row[0]
        for row in _query(
            db_url,
            "SELECT c.relname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'platform_id' WHERE k.contype = 'p'",
        )
    }
    assert tables - keyed == NOT_OF_ONE_PLATFORM


def test_every_foreign_key_between_platform_owned_tables_carries_the_platform(db_url: str) -> None:
    keys = _query(
        db_url,
        "SELECT k.conname, f.relname, array_agg(a.attname::text) FROM pg_constraint k"
        " JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class f ON f.oid = k.confrelid"
        " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(k.conkey)"
        " WHERE k.contype = 'f' GROUP BY k.oid, k.conname, f.relname",
    )
    assert [row for row in keys if row[1] not in NOT_OF_ONE_PLATFORM and "platform_id" not in row[2]] == []
    assert len(keys) > 20


def test_row_level_security_confines_every_platform_owned_table(db_url: str) -> None:
    open_tables = _query(
        db_url,
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND (NOT c.relrowsecurity"
        " OR NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid))",
    )
    assert {row[0] for row in open_tables} == NOT_OF_ONE_PLATFORM


def test_the_program_cannot_rewrite_the_journal_the_ledger_or_a_published_policy(db_url: str) -> None:
    for table in ("journal", "ledger_transfers", "ledger_accounts", "policies", "policy_draft_people"):
        for right in ("UPDATE", "DELETE", "TRUNCATE"):
            granted = _query(db_url, f"SELECT has_table_privilege('huiliu_app', '{table}', '{right}')")
            assert granted == [(False,)], f"{right} on {table}"


# -------------------------------------------------------------------------------------------------------------- helpers


def _contracts() -> list[dict[str, object]]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]


def _import_everything() -> None:
    for module in pkgutil.walk_packages(huiliu.__path__, "huiliu."):
        import_module(module.name)


def _facts(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def _findings(source: str) -> list[tuple[str, str, str]]:
    """(check, level, what) of every Finding(...) in the text; a conditional 'what' counts twice."""
    found: list[tuple[str, str, str]] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding":
            check, level, what = node.args[:3]
            assert isinstance(check, ast.Constant)
            assert isinstance(level, ast.Attribute)
            choices = [what.body, what.orelse] if isinstance(what, ast.IfExp) else [what]
            found += [(str(check.value), level.attr, str(ast.literal_eval(choice))) for choice in choices]
    assert found
    return found


def _query(url: str, sql: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(sql.encode()).fetchall()
