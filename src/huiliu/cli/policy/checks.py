"""`huiliu policy lint | diff`: what is wrong with a policy, and what changes between two versions of it."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from huiliu.cli.policy.files import (
    FILE,
    fail,
    placed_or_exit,
    policy_or_exit,
    print_json,
    read_bytes,
    summary,
)
from huiliu.cli.words import chosen_lang, lang_option
from huiliu.kit.text import Lang, say
from huiliu.policy.answers import Answer
from huiliu.policy.diff.amendments import Section
from huiliu.policy.diff.situations import Change, Diff, Direction, diff
from huiliu.policy.diff.words import amendment_words, change_words
from huiliu.policy.dmn.elements import SOURCE_BYTES_MAX as DMN_BYTES_MAX
from huiliu.policy.dmn.lint import dmn_case_words, dmn_finding_todo, dmn_finding_words, dmn_lines, lint_dmn
from huiliu.policy.dmn.model import DmnTable
from huiliu.policy.dmn.read import read_dmn
from huiliu.policy.document import Place
from huiliu.policy.law.words import notice_words
from huiliu.policy.lint.checks import lint
from huiliu.policy.lint.findings import Example, Finding, FindingCode, Severity
from huiliu.policy.lint.words import finding_words
from huiliu.policy.model import FactValue, Policy, PolicyError
from huiliu.policy.parse import PlacedPolicy
from huiliu.policy.wording import facts_words, problem_words

SIGNS = {Direction.WORSE: "-", Direction.MIXED: "~", Direction.BETTER: "+", Direction.NEUTRAL: "="}
CHANGES_SHOWN_MAX = 50

ITS_OWN = ("label", "effective_from")


@click.command(name="lint")
@click.argument("file", type=FILE)
@click.option(
    "--fail-on",
    type=click.Choice([severity.value for severity in Severity]),
    default=Severity.NOTE.value,
    show_default=True,
    help="The least severity that makes the exit status 1.",
)
@click.option("--decision", default=None, help="Of a .dmn file with several decisions: the id or name of one.")
@click.option("--closed", is_flag=True, help="Of a .dmn file: texts have no values but those that rules name.")
@click.option("--json", "as_json", is_flag=True, help="Print {ok, policy, findings: [{code, severity, message, ...}]}.")
@lang_option
@click.pass_context
def lint_command(
    ctx: click.Context,
    *,
    file: Path,
    fail_on: str,
    decision: str | None,
    closed: bool,
    as_json: bool,
    lang: str | None,
) -> None:
    """Everything wrong with FILE (a policy, or a .dmn decision table) that can be known before a case comes, each with a
    case that shows it."""
    speech = chosen_lang(lang)
    notes: list[str] = []
    if file.suffix.lower() == ".dmn":
        table = dmn_or_exit(ctx, file, speech, decision=decision, closed=closed, as_json=as_json)
        head: dict[str, object] = {"table": table_summary(speech, table)}
        notes = [problem_words(speech, note) for note in table.notes]
        shown = [dmn_finding_out(speech, table, finding) for finding in lint_dmn(table)]
    else:
        placed = placed_or_exit(ctx, file, speech, as_json=as_json)
        head = {"policy": summary(placed.policy)}
        shown = [finding_out(speech, placed, finding) for finding in lint(placed.policy)]
    order = list(Severity)
    fails = any(order.index(it.severity) <= order.index(Severity(fail_on)) for it in shown)
    if as_json:
        print_json({"ok": not fails, **head, "findings": shown, "problems": []})
        ctx.exit(1 if fails else 0)
    for note in notes:
        click.echo(f"{file}: {note}")
    for finding in shown:
        _print_finding(speech, file, finding)
    counts = {severity.value: sum(it.severity is severity for it in shown) for severity in Severity}
    click.echo(say(speech, "policy.cli.linted", **counts) if shown else say(speech, "policy.cli.lint_clean"))
    if any(finding.article for finding in shown):
        click.echo(notice_words(speech))
    ctx.exit(1 if fails else 0)


@click.command(name="diff")
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="Print {ok, old, new, is_complete, changes: [...], amendments}.")
@lang_option
@click.pass_context
def diff_command(ctx: click.Context, *, old: Path, new: Path, as_json: bool, lang: str | None) -> None:
    """The exact situations in which NEW comes to something else than OLD. Exit status 1 when there are any."""
    speech = chosen_lang(lang)
    before = policy_or_exit(ctx, old, speech, as_json=as_json)
    after = policy_or_exit(ctx, new, speech, as_json=as_json)
    found = diff(before, after)
    # Another version always has another label and its own day.
    amended = [it for it in found.amendments if it.section is not Section.POLICY or it.field not in ITS_OWN]
    is_same = not found.changes and not amended and found.is_complete
    if as_json:
        print_json(
            {
                "ok": is_same,
                "old": summary(before),
                "new": summary(after),
                "is_complete": found.is_complete,
                "changes": [change_out(speech, before, after, change) for change in found.changes],
                "amendments": [amendment_words(speech, before, after, it) for it in found.amendments],
                "problems": [],
            }
        )
        ctx.exit(0 if is_same else 1)
    _print_diff(speech, before, after, found)
    ctx.exit(0 if is_same else 1)


class ExampleOut(msgspec.Struct, frozen=True):
    """A case to judge again."""

    facts: dict[str, FactValue]
    proven: list[str]
    evidence: tuple[str, ...]
    words: str


class FindingOut(msgspec.Struct, frozen=True, kw_only=True):
    """One finding as the guide documents it."""

    code: FindingCode
    severity: Severity
    clauses: tuple[str, ...]
    line: int
    column: int
    message: str
    todo: str
    article: str
    examples: list[ExampleOut]


def finding_out(speech: Lang, placed: PlacedPolicy, finding: Finding) -> FindingOut:
    """One finding about a policy, in words, with its place."""
    what, todo = finding_words(speech, placed.policy, finding)
    place = place_of(placed, finding)
    return FindingOut(
        code=finding.code,
        severity=finding.severity,
        clauses=finding.clauses,
        line=place.line,
        column=place.column,
        message=what,
        todo=todo,
        article=finding.article,
        examples=[_example_out(it, facts_words(speech, placed.policy, it.facts)) for it in finding.examples],
    )


def dmn_finding_out(speech: Lang, table: DmnTable, finding: Finding) -> FindingOut:
    """One finding about a foreign table: its rules are what a policy's clauses are."""
    return FindingOut(
        code=finding.code,
        severity=finding.severity,
        clauses=finding.clauses,
        line=next(iter(dmn_lines(table, finding)), 1),
        column=1,
        message=dmn_finding_words(speech, table, finding),
        todo=dmn_finding_todo(speech, finding),
        article="",
        examples=[_example_out(it, dmn_case_words(speech, it.facts)) for it in finding.examples],
    )


def dmn_or_exit(
    ctx: click.Context, file: Path, speech: Lang, *, decision: str | None, closed: bool, as_json: bool
) -> DmnTable:
    """The decision table of a file; what is wrong with it is printed and ends the command with status 1."""
    try:
        return read_dmn(read_bytes(file, DMN_BYTES_MAX), decision, closed=closed)
    except PolicyError as error:
        fail(ctx, error, speech, as_json=as_json, file=file)


def table_summary(speech: Lang, table: DmnTable) -> dict[str, object]:
    """A foreign table's identity, in every JSON answer."""
    return {
        "id": table.id,
        "name": table.name,
        "hit_policy": table.hit_policy.value,
        "inputs": [given.name for given in table.inputs],
        "rules": len(table.rules),
        "notes": [problem_words(speech, note) for note in table.notes],
    }


def place_of(placed: PlacedPolicy, finding: Finding) -> Place:
    """Where in the file a finding points: its first clause, else its section, else the top."""
    for name in finding.clauses:
        if name in placed.clauses:
            return placed.clauses[name]
    return placed.sections.get(finding.section, Place(1, 1))


def change_out(speech: Lang, old: Policy, new: Policy, change: Change) -> dict[str, object]:
    """One change of a comparison as the guide documents it."""
    words = change_words(speech, old, new, change)
    return {
        "direction": change.direction,
        "kinds": change.kinds,
        "message": words.what,
        "situations": words.situations,
        "old": _answer_out(change.old, change.old_clause),
        "new": _answer_out(change.new, change.new_clause),
        "example": _example_out(change.example, facts_words(speech, new, change.example.facts)),
    }


def _print_finding(speech: Lang, file: Path, finding: FindingOut) -> None:
    severity = say(speech, f"policy.severity.{finding.severity.value}")
    click.echo(f"{file}:{finding.line}:{finding.column}: {severity}: {finding.message}")
    for example in finding.examples if finding.todo else ():
        click.echo("    " + say(speech, "policy.cli.example", words=example.words))
    if finding.todo:
        click.echo(f"    {finding.todo}")
    if finding.article:
        click.echo(f"    {say(speech, f'law.article.{finding.article}')}")


def _print_diff(speech: Lang, old: Policy, new: Policy, found: Diff) -> None:
    for change in found.changes[:CHANGES_SHOWN_MAX]:
        words = change_words(speech, old, new, change)
        click.echo(f"{SIGNS[change.direction]} {words.direction}")
        for line in words.what:
            click.echo(f"    {line}")
        for situation in words.situations:
            click.echo(f"      · {situation}")
        example = facts_words(speech, new, change.example.facts)
        click.echo("    " + say(speech, "policy.cli.example", words=example))
    if len(found.changes) > CHANGES_SHOWN_MAX:
        click.echo(say(speech, "policy.cli.more_changes", number=len(found.changes) - CHANGES_SHOWN_MAX))
    for amendment in found.amendments:
        click.echo(f"* {amendment_words(speech, old, new, amendment)}")
    if not found.is_complete:
        click.echo(say(speech, "policy.cli.diff_incomplete"), err=True)
    if not found.changes and found.is_complete:
        click.echo(say(speech, "policy.cli.diff_none"))


def _example_out(example: Example, words: str) -> ExampleOut:
    return ExampleOut(example.facts.values, sorted(example.facts.proven), example.evidence, words)


def _answer_out(answer: Answer, clause: str) -> dict[str, object]:
    return {
        "outcome": answer.outcome,
        "clause": clause,
        "amount": answer.amount,
        "evidence": sorted(sorted(needs) for needs in answer.evidence),
        "automatic": sorted(sorted(needs) for needs in answer.automatic),
        "flags": answer.flags,
    }
