"""The operator's commands, against a real database, as a shell runs them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from click.testing import CliRunner, Result

from huiliu.cli.main import main

Run = Callable[..., Result]


@pytest.fixture
def run(db_url: str, tmp_path: Path) -> Run:
    """Runs `huiliu ...` in English."""
    with psycopg.connect(db_url) as connection:  # the operator's own key file, new for this test
        connection.execute("SELECT 1")
    environ = {"HUILIU_DATABASE_URL": db_url, "HUILIU_DATA_DIR": str(tmp_path), "LC_ALL": "C.UTF-8"}
    (tmp_path / "keys.toml").write_text(_KEYS)

    def run(*words: str, stdin: str = "", lang: str = "C.UTF-8") -> Result:
        return CliRunner().invoke(main, list(words), input=stdin, env=environ | {"LC_ALL": lang})

    return run


_KEYS = f"""
current = "k1"
lookup = "{"A" * 43}="
[keys]
k1 = "{"A" * 43}="
"""


def added(run: Run) -> str:
    slug = f"cli-{uuid4().hex[:10]}"
    done = run("platform", "add", slug, "--name", "卡门", "--name-en", "Kamen")
    assert done.exit_code == 0, done.output
    assert f"/{slug}/" in done.output
    return slug


def test_an_operator_sets_up_a_platform_with_staff_and_keys(run: Run) -> None:
    slug = added(run)
    assert slug in run("platform", "list").output

    hired = run("staff", "add", "--platform", slug, "--login", "HeShen", "--name", "何审", "--role", "reviewer")
    assert hired.exit_code == 0, hired.output
    password = re.search(r"shown this once: (\S+)", hired.output)
    assert password is not None
    listed = run("staff", "list", "--platform", slug)
    assert "heshen\t何审\treviewer\tno authenticator yet" in listed.output
    assert password[1] not in listed.output

    made = run("keys", "add", "--platform", slug, "--name", "shop server", "--scope", "orders:write")
    assert made.exit_code == 0, made.output
    token = re.search(rf"hl_{slug}_[0-9a-f]{{32}}_[\w-]{{43}}", made.output)
    assert token is not None
    listed = run("keys", "list", "--platform", slug)
    key_id = listed.output.split("\t")[0].strip()
    assert "shop server\torders:write\tactive" in listed.output
    assert token[0] not in listed.output
    assert run("keys", "revoke", "--platform", slug, key_id).exit_code == 0
    assert "revoked" in run("keys", "list", "--platform", slug).output


def test_a_password_may_come_from_standard_input_and_is_then_not_shown(run: Run) -> None:
    slug = added(run)
    words = ("staff", "add", "--platform", slug, "--login", "xiaogu", "--name", "小顾", "--role", "agent")
    done = run(*words, "--password-stdin", stdin="typed by hand 1\n")
    assert done.exit_code == 0, done.output
    assert "typed by hand" not in done.output
    again = run("staff", "reset", "--platform", slug, "XiaoGu")
    assert again.exit_code == 0, again.output
    assert "shown this once" in again.output
    assert run("staff", "disable", "--platform", slug, "xiaogu").exit_code == 0
    assert "disabled" in run("staff", "list", "--platform", slug).output


@pytest.mark.parametrize(("lang", "words"), [("C.UTF-8", "Nothing found"), ("zh_CN.UTF-8", "没有找到")])
def test_a_refusal_is_said_in_the_operators_language_without_a_traceback(run: Run, lang: str, words: str) -> None:
    refused = run("staff", "list", "--platform", "no-such-shop", lang=lang)
    assert refused.exit_code == 1
    assert words in refused.output
    assert "Traceback" not in refused.output


def test_bad_input_is_refused_and_changes_nothing(run: Run) -> None:
    slug = added(run)
    staff = ("staff", "add", "--platform", slug, "--name", "何审", "--role", "reviewer")
    for words, stdin in (
        (("platform", "add", "Bad Slug", "--name", "卡门", "--name-en", "Kamen"), ""),
        (("platform", "add", slug, "--name", "卡门", "--name-en", "Kamen"), ""),
        ((*staff, "--login", "has blank"), ""),
        ((*staff, "--login", "heshen", "--password-stdin"), "short\n"),
        (("staff", "add", "--platform", slug, "--login", "x1", "--name", "甲", "--role", "emperor"), ""),
        (("staff", "disable", "--platform", slug, "nobody"), ""),
        (("staff", "reset", "--platform", slug, "no body"), ""),
        (("keys", "add", "--platform", slug, "--name", "x", "--scope", "everything"), ""),
        (("keys", "add", "--platform", slug, "--name", " ", "--scope", "orders:read"), ""),
        (("keys", "revoke", "--platform", slug, str(uuid4())), ""),
        (("keys", "revoke", "--platform", slug, "not-a-uuid"), ""),
    ):
        refused = run(*words, stdin=stdin)
        assert refused.exit_code in (1, 2), words
        assert "Traceback" not in refused.output
        assert "Error" in refused.output
    assert run("staff", "list", "--platform", slug).output == ""
    assert run("keys", "list", "--platform", slug).output == ""
