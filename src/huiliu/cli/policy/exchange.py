"""`huiliu policy export | import`: a policy as a DMN decision table, and a published table as a policy."""

from __future__ import annotations

from pathlib import Path

import click

from huiliu.cli.policy.checks import dmn_or_exit, table_summary
from huiliu.cli.policy.files import FILE, fail, policy_or_exit, print_json, summary, write_file
from huiliu.cli.words import chosen_lang, lang_option
from huiliu.kit.text import say
from huiliu.policy.dmn.policy_of import policy_of
from huiliu.policy.dmn.write import write_dmn
from huiliu.policy.model import PolicyError
from huiliu.policy.parse import parse_policy

OUT = click.Path(dir_okay=False, writable=True, path_type=Path)


@click.command(name="export")
@click.argument("file", type=FILE)
@click.option("--format", "form", type=click.Choice(["dmn"]), default="dmn", show_default=True, help="What to write.")
@click.option("--out", type=OUT, default=None, help="Where to; standard output if not given.")
@click.option("--json", "as_json", is_flag=True, help="Print {ok, policy, format, file or content}.")
@lang_option
@click.pass_context
def export_command(
    ctx: click.Context, *, file: Path, form: str, out: Path | None, as_json: bool, lang: str | None
) -> None:
    """Write FILE as one DMN 1.3 decision table whose first matching rule answers as the policy does."""
    speech = chosen_lang(lang)
    rules = policy_or_exit(ctx, file, speech, as_json=as_json)
    try:
        content = write_dmn(rules)
    except PolicyError as error:
        fail(ctx, error, speech, as_json=as_json, file=file)
    if out is not None:
        write_file(out, content)
    if as_json:
        where: dict[str, object] = {"content": content.decode()} if out is None else {"file": str(out)}
        print_json({"ok": True, "policy": summary(rules), "format": form, **where, "problems": []})
    elif out is None:
        click.echo(content.decode(), nl=False)
    else:
        click.echo(say(speech, "policy.cli.exported", file=out))


@click.command(name="import")
@click.argument("file", type=FILE)
@click.option("--decision", default=None, help="Of several decisions in the file: the id or name of one.")
@click.option("--closed", is_flag=True, help="Texts have no values but those that rules name.")
@click.option(
    "--outcome", "outcomes", multiple=True, help="TEXT=OUTCOME: what an output's text means here. Repeatable."
)
@click.option("--output", default=None, help="Of several outputs: the name of the one that is the outcome.")
@click.option("--amount", "amounts", multiple=True, help="An input that is yuan. Repeatable; 金额 always is.")
@click.option("--out", type=OUT, default=None, help="Where to; standard output if not given.")
@click.option("--json", "as_json", is_flag=True, help="Print {ok, table, policy, file or content}.")
@lang_option
@click.pass_context
def import_command(
    ctx: click.Context,
    *,
    file: Path,
    decision: str | None,
    closed: bool,
    outcomes: tuple[str, ...],
    output: str | None,
    amounts: tuple[str, ...],
    out: Path | None,
    as_json: bool,
    lang: str | None,
) -> None:
    """Write the decision table of a .dmn FILE as a policy file. What cannot be said as one is refused with its place."""
    speech = chosen_lang(lang)
    table = dmn_or_exit(ctx, file, speech, decision=decision, closed=closed, as_json=as_json)
    try:
        text = policy_of(table, _meanings(outcomes), output=output, amounts=frozenset(amounts))
    except PolicyError as error:
        fail(ctx, error, speech, as_json=as_json, file=file)
    rules = parse_policy(text)
    if out is not None:
        write_file(out, text.encode())
    if as_json:
        where: dict[str, object] = {"content": text} if out is None else {"file": str(out)}
        head: dict[str, object] = {"table": table_summary(speech, table), "policy": summary(rules)}
        print_json({"ok": True, **head, **where, "problems": []})
    elif out is None:
        click.echo(text, nl=False)
    else:
        click.echo(say(speech, "policy.cli.exported", file=out))
        click.echo(say(speech, "policy.cli.imported", clauses=len(rules.clauses)))


def _meanings(pairs: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        text, is_pair, outcome = pair.rpartition("=")
        if not is_pair or not text or not outcome:
            raise click.BadParameter(f"{pair!r}: Approved=full", param_hint="--outcome")
        found[text] = outcome
    return found
