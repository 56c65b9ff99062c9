"""`huiliu doctor`: what is missing or about to be, and how to mend it."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from huiliu.cli.checks import Finding, Level, machine_findings
from huiliu.cli.checks_database import database_findings
from huiliu.cli.runtime import read_settings
from huiliu.cli.words import chosen_lang, lang_option
from huiliu.kit.text import Lang, has_words, say

COLOURS = {Level.PASS: "green", Level.WARN: "yellow", Level.FAIL: "red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
@lang_option
@click.pass_context
def doctor(ctx: click.Context, *, as_json: bool, lang: str | None) -> None:
    """Check what this installation needs; exit with 1 when something must be mended."""
    words = chosen_lang(lang)
    settings = read_settings()
    findings = [*machine_findings(settings), *database_findings(settings)]
    if as_json:
        click.echo(json.dumps([_as_json(words, finding) for finding in findings], ensure_ascii=False, indent=2))
    else:
        _print_table(words, findings)
    ctx.exit(1 if any(finding.level is Level.FAIL for finding in findings) else 0)


def _as_json(lang: Lang, finding: Finding) -> dict[str, str]:
    what, fix = sentences(lang, finding)
    return {"check": finding.check, "level": finding.level, "what": finding.what, "says": what, "fix": fix}


def _print_table(lang: Lang, findings: Sequence[Finding]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    table.add_column(say(lang, "doctor.column.check"), no_wrap=True)
    table.add_column(say(lang, "doctor.column.says"))
    for finding in findings:
        what, fix = sentences(lang, finding)
        level = Text(say(lang, f"doctor.level.{finding.level}"), style=COLOURS[finding.level])
        says = Text(what).append(f"\n→ {fix}", style="bold") if fix else Text(what)
        table.add_row(level, say(lang, f"doctor.{finding.check}.name"), says)
    console = Console()
    console.print(table)
    worst = next((each for each in (Level.FAIL, Level.WARN) if any(f.level is each for f in findings)), Level.PASS)
    console.print(f"\n{say(lang, f'doctor.summary.{worst}')}", style=COLOURS[worst])


def sentences(lang: Lang, finding: Finding) -> tuple[str, str]:
    """(what is so, how to mend it); the second is empty when there is nothing to mend."""
    key = f"doctor.{finding.check}.{finding.what}"
    fix = say(lang, f"{key}_fix", **finding.facts) if has_words(f"{key}_fix") else ""
    return say(lang, key, **finding.facts), fix
