"""`huiliu policy`: check a policy file, try a case by hand, publish a version. Exit status 1 when something is wrong."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import click
import msgspec

from huiliu.cli.runtime import open_runtime
from huiliu.cli.words import chosen_lang, lang_option
from huiliu.kit.db import transaction
from huiliu.kit.ids import SHANGHAI
from huiliu.kit.text import Lang, say
from huiliu.people.actor import system_actor
from huiliu.people.reads import platform_by_slug
from huiliu.policy.actions import publish
from huiliu.policy.document import SOURCE_CHARS_MAX
from huiliu.policy.evaluate import judge
from huiliu.policy.explain import advice_words, advise, reason_words, with_reasons
from huiliu.policy.facts import read_facts
from huiliu.policy.model import Policy, PolicyError, PublishedPolicy, Verdict
from huiliu.policy.parse import parse_policy
from huiliu.policy.wording import (
    clause_name,
    error_words,
    evidence_words,
    fact_name,
    list_words,
    policy_name,
    problem_words,
)
from huiliu.policy.words import slot_code

FACTS_BYTES_MAX = 64 * 1024

_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@click.group()
def policy() -> None:
    """Refund policies: check a file, try a case, publish a version."""


@policy.command()
@click.argument("file", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="Print {ok, policy, problems: [{line, column, code, message}]}.")
@lang_option
@click.pass_context
def check(ctx: click.Context, *, file: Path, as_json: bool, lang: str | None) -> None:
    """Read FILE as a policy and say every place that is wrong."""
    speech = chosen_lang(lang)
    rules = _read_or_exit(ctx, file, speech, as_json=as_json)
    if as_json:
        click.echo(_json({"ok": True, "policy": _summary(rules), "problems": []}))
        return
    facts = {"name": policy_name(speech, rules), "label": rules.label, "clauses": len(rules.clauses)}
    click.echo(say(speech, "policy.cli.checked", **facts, hash=rules.content_hash.hex()[:12]))


@policy.command()
@click.argument("file", type=_FILE)
@click.option("--facts", "facts_file", type=_FILE, required=True, help="JSON object of facts, in the policy's words.")
@click.option("--evidence", default="", help="What is at hand, separated by commas: slot codes or the policy's words.")
@click.option("--cooled", is_flag=True, help="The cooling-off is over.")
@click.option("--json", "as_json", is_flag=True, help="Print the verdict with every clause's reason.")
@lang_option
@click.pass_context
def decide(
    ctx: click.Context,
    *,
    file: Path,
    facts_file: Path,
    evidence: str,
    cooled: bool,
    as_json: bool,
    lang: str | None,
) -> None:
    """What FILE would answer to a case, and why each clause applies or not."""
    speech = chosen_lang(lang)
    rules = _read_or_exit(ctx, file, speech, as_json=as_json)
    try:
        facts = read_facts(rules, _read_json(facts_file))
    except PolicyError as error:
        _fail(ctx, error, speech, as_json=as_json)
    have = _read_evidence(evidence)
    verdict = with_reasons(rules, facts, judge(rules, facts, have, cooled=cooled), cooled=cooled)
    if as_json:
        click.echo(_json({"ok": True, "policy": _summary(rules), "verdict": verdict, "problems": []}))
        return
    _print_verdict(speech, rules, verdict)
    advice = advise(rules, facts, have, cooled=cooled)
    if advice is not None:
        click.echo(advice_words(speech, rules, advice))


@policy.command(name="publish")
@click.argument("file", type=_FILE)
@click.option("--platform", "slug", required=True, help="The platform's short name in addresses.")
@click.option("--effective-from", default=None, help="ISO instant with offset; else the file's, else now.")
@click.option("--first-import", is_flag=True, help="Allow a past instant from before the first publication here.")
@lang_option
@click.pass_context
def publish_command(
    ctx: click.Context, *, file: Path, slug: str, effective_from: str | None, first_import: bool, lang: str | None
) -> None:
    """Publish FILE for orders placed from its effective time on; the same content twice is one version."""
    speech = chosen_lang(lang)
    starts = None if effective_from is None else _read_instant(effective_from)
    _read_or_exit(ctx, file, speech, as_json=False)
    published = asyncio.run(_publish(file.read_text("utf-8-sig"), slug, starts, allow_past=first_import))
    when = f"{published.effective_from.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
    is_other = starts is not None and starts != published.effective_from
    key = "policy.cli.already_published" if is_other else "policy.cli.published"
    click.echo(say(speech, key, label=published.label, when=when, id=published.id))
    ctx.exit(1 if is_other else 0)


async def _publish(source: str, slug: str, starts: datetime | None, *, allow_past: bool) -> PublishedPolicy:
    async with open_runtime() as runtime:
        platform = await platform_by_slug(runtime.pool, slug)
        async with transaction(runtime.pool, system_actor(platform.id)) as tx:
            return await publish(tx, source, starts, allow_past=allow_past)


def _read_or_exit(ctx: click.Context, file: Path, speech: Lang, *, as_json: bool) -> Policy:
    try:
        with file.open("rb") as opened:
            return parse_policy(opened.read(SOURCE_CHARS_MAX * 4 + 1))
    except PolicyError as error:
        _fail(ctx, error, speech, as_json=as_json)


def _fail(ctx: click.Context, error: PolicyError, speech: Lang, *, as_json: bool) -> NoReturn:
    if as_json:
        problems = [
            {
                "line": problem.line,
                "column": problem.column,
                "code": problem.code,
                "message": problem_words(speech, problem),
            }
            for problem in error.problems
        ]
        click.echo(_json({"ok": False, "problems": problems}))
    else:
        for line in error_words(speech, error):
            click.echo(line, err=True)
    ctx.exit(1)


def _read_json(file: Path) -> dict[str, object]:
    with file.open("rb") as opened:
        raw = opened.read(FACTS_BYTES_MAX + 1)
    if len(raw) > FACTS_BYTES_MAX:
        raise click.BadParameter(f"{file}: more than {FACTS_BYTES_MAX} bytes", param_hint="--facts")
    try:
        return msgspec.json.decode(raw, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise click.BadParameter(f"{file}: {error}", param_hint="--facts") from error


def _read_evidence(text: str) -> frozenset[str]:
    codes: set[str] = set()
    for word in filter(None, (part.strip() for part in text.replace("，", ",").split(","))):
        code = slot_code(word)
        if code is None:
            raise click.BadParameter(word, param_hint="--evidence")
        codes.add(code)
    return frozenset(codes)


def _read_instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise click.BadParameter(f"{text!r}: 2025-12-01T00:00:00+08:00", param_hint="--effective-from")


def _print_verdict(speech: Lang, rules: Policy, verdict: Verdict) -> None:
    head = "" if verdict.clause is None else f"{verdict.clause.id} {clause_name(speech, verdict.clause)}"
    outcome = say(speech, f"policy.outcome.{verdict.outcome.value}")
    click.echo(say(speech, "policy.cli.outcome", outcome=outcome, clause=head or say(speech, "policy.cli.no_clause")))
    lists = {
        "missing": [evidence_words(speech, code) for code in verdict.missing],
        "flags": [say(speech, f"policy.flag.{flag.value}") for flag in verdict.flags],
        "presumed": _fact_names(speech, rules, verdict.presumed),
        "ask": _fact_names(speech, rules, verdict.ask),
        "rivals": list(verdict.rivals),
    }
    for key, words in lists.items():
        if words:
            click.echo(say(speech, f"policy.cli.{key}", words=list_words(speech, words)))
    if verdict.automatic:
        click.echo(say(speech, "policy.cli.automatic"))
    for reason in verdict.reasons:
        click.echo("  " + reason_words(speech, rules, reason))


def _fact_names(speech: Lang, rules: Policy, names: tuple[str, ...]) -> list[str]:
    return [fact_name(speech, spec) for spec in rules.facts if spec.name in names]


def _summary(rules: Policy) -> dict[str, object]:
    return {
        "name": rules.name,
        "id": rules.id,
        "label": rules.label,
        "content_hash": rules.content_hash.hex(),
        "effective_from": rules.effective_from,
        "clauses": len(rules.clauses),
    }


def _json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
