"""`huiliu policy check | table | decide | advise | golden`: one file, one case."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table

from huiliu.cli.policy.files import FILE, facts_or_exit, policy_or_exit, print_json, read_evidence, summary
from huiliu.cli.words import chosen_lang, lang_option
from huiliu.kit.money import Money
from huiliu.kit.text import Lang, say
from huiliu.policy.amount import Amount, OrderMoney, Used, formula, refund_amount, rule_formula
from huiliu.policy.evaluate import judge
from huiliu.policy.explain import Advice, advice_words, advise, open_for, reason_words, with_reasons
from huiliu.policy.golden import GoldenResult, judge_golden
from huiliu.policy.model import REFUNDS, AmountRule, Basis, Clause, Facts, Outcome, Policy, Verdict
from huiliu.policy.wording import (
    clause_name,
    duration_words,
    evidence_words,
    fact_name,
    list_words,
    policy_name,
    test_words,
)
from huiliu.policy.words import FACTS

PIPED_WIDTH = 160
ALL_BACK = AmountRule(Basis.FULL)
"""The formula that 全额退款 says already."""
USED = re.compile(r"(\d{1,9})/(\d{1,9})")
AMOUNT_FACT = next(name for name, code in FACTS.items() if code == "amount")


@click.command()
@click.argument("file", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="Print {ok, policy, problems: [{line, column, code, message}]}.")
@lang_option
@click.pass_context
def check(ctx: click.Context, *, file: Path, as_json: bool, lang: str | None) -> None:
    """Read FILE as a policy and say every place that is wrong. Exit status 1 when there is one."""
    speech = chosen_lang(lang)
    rules = policy_or_exit(ctx, file, speech, as_json=as_json)
    if as_json:
        print_json({"ok": True, "policy": summary(rules), "problems": []})
        return
    facts = {"name": policy_name(speech, rules), "label": rules.label, "clauses": len(rules.clauses)}
    click.echo(say(speech, "policy.cli.checked", **facts, hash=rules.content_hash.hex()[:12]))


@click.command()
@click.argument("file", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="Print {ok, policy, clauses: [...]}.")
@lang_option
@click.pass_context
def table(ctx: click.Context, *, file: Path, as_json: bool, lang: str | None) -> None:
    """The clauses of FILE as a table a person can read."""
    speech = chosen_lang(lang)
    rules = policy_or_exit(ctx, file, speech, as_json=as_json)
    rows = [_row(speech, rules, clause) for clause in rules.clauses]
    if as_json:
        print_json({"ok": True, "policy": summary(rules), "clauses": rows, "problems": []})
        return
    shown = Table(title=policy_name(speech, rules), show_lines=True, title_justify="left")
    columns = ("id", "name", "when", "needs", "then", "exception_to")
    for column in columns:
        shown.add_column(say(speech, f"policy.cli.column.{column}"), overflow="fold")
    for row in rows:
        shown.add_row(*(_cell(speech, row, column) for column in columns))
    Console(width=None if sys.stdout.isatty() else PIPED_WIDTH).print(shown)


@click.command()
@click.argument("file", type=FILE)
@click.option("--facts", "facts_file", type=FILE, required=True, help="JSON object of facts, in the policy's words.")
@click.option("--evidence", default="", help="What is at hand, separated by commas: slot codes or the policy's words.")
@click.option("--cooled", is_flag=True, help="The cooling-off is over.")
@click.option(
    "--used", default="", help="12/30: of what was paid for, how much is used (or delivered); for the amount."
)
@click.option("--expect", default="", help="OUTCOME or OUTCOME:CLAUSE, as codes; exit status 1 when it is another.")
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
    used: str,
    expect: str,
    as_json: bool,
    lang: str | None,
) -> None:
    """What FILE would answer to a case, and why each clause applies or not."""
    speech = chosen_lang(lang)
    rules = policy_or_exit(ctx, file, speech, as_json=as_json)
    facts = facts_or_exit(ctx, rules, facts_file, speech, as_json=as_json)
    have = read_evidence(evidence, rules)
    verdict = with_reasons(rules, facts, judge(rules, facts, have, cooled=cooled), cooled=cooled)
    amount = _amount(verdict, facts, _read_used(used))
    clause = "" if verdict.clause is None else verdict.clause.id
    agrees = not expect or expect in (verdict.outcome.value, f"{verdict.outcome.value}:{clause}")
    if as_json:
        answer: dict[str, object] = {"ok": agrees, "policy": summary(rules), "verdict": verdict, "problems": []}
        if verdict.amount is not None:
            answer["formula"] = rule_formula(speech, verdict.amount)
        if amount is not None:
            answer["amount"] = {"refund_minor": amount.refund.amount_minor, "arithmetic": formula(speech, amount)}
        print_json(answer)
        ctx.exit(0 if agrees else 1)
    _print_verdict(speech, rules, verdict, amount)
    advice = advise(rules, facts, have, cooled=cooled)
    if advice is not None:
        click.echo(advice_words(speech, rules, advice))
    if not agrees:
        click.echo(say(speech, "policy.cli.disagrees", expected=expect), err=True)
    ctx.exit(0 if agrees else 1)


@click.command(name="advise")
@click.argument("file", type=FILE)
@click.option("--facts", "facts_file", type=FILE, required=True, help="JSON object of facts, in the policy's words.")
@click.option("--evidence", default="", help="What is at hand, separated by commas: slot codes or the policy's words.")
@click.option("--cooled", is_flag=True, help="The cooling-off is over.")
@click.option("--json", "as_json", is_flag=True, help="Print {ok, outcome, advice: {evidence, cost, clause, ...}}.")
@lang_option
@click.pass_context
def advise_command(
    ctx: click.Context, *, file: Path, facts_file: Path, evidence: str, cooled: bool, as_json: bool, lang: str | None
) -> None:
    """The cheapest evidence that turns a case into a refund, and until when. Exit status 1 when none can."""
    speech = chosen_lang(lang)
    rules = policy_or_exit(ctx, file, speech, as_json=as_json)
    facts = facts_or_exit(ctx, rules, facts_file, speech, as_json=as_json)
    have = read_evidence(evidence, rules)
    verdict = judge(rules, facts, have, cooled=cooled)
    advice = advise(rules, facts, have, cooled=cooled)
    is_refund = verdict.outcome in REFUNDS and verdict.complete
    if as_json:
        print_json(
            {
                "ok": is_refund or advice is not None,
                "policy": summary(rules),
                "outcome": verdict.outcome,
                "complete": verdict.complete,
                "ask": verdict.ask,
                "advice": None if advice is None else _advice_out(speech, rules, advice),
                "problems": [],
            }
        )
    elif advice is not None:
        click.echo(advice_words(speech, rules, advice))
    elif verdict.ask:
        names = list_words(speech, _fact_names(speech, rules, verdict.ask))
        click.echo(say(speech, "policy.cli.ask", words=names))
    else:
        key = "policy.cli.advice_done" if is_refund else "policy.cli.advice_none"
        click.echo(say(speech, key, outcome=say(speech, f"policy.outcome.{verdict.outcome.value}")))
    ctx.exit(0 if is_refund or advice is not None else 1)


@click.command()
@click.argument("file", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="Print {ok, policy, cases: [{name, holds, outcome, ...}]}.")
@lang_option
@click.pass_context
def golden(ctx: click.Context, *, file: Path, as_json: bool, lang: str | None) -> None:
    """Judge the examples kept in FILE. Exit status 1 when one comes out otherwise."""
    speech = chosen_lang(lang)
    rules = policy_or_exit(ctx, file, speech, as_json=as_json)
    results = judge_golden(rules)
    ok = all(result.holds for result in results)
    if as_json:
        print_json({"ok": ok, "policy": summary(rules), "cases": [_golden_out(it) for it in results], "problems": []})
        ctx.exit(0 if ok else 1)
    for result in results:
        if not result.holds:
            click.echo(_golden_words(speech, result))
    held = sum(result.holds for result in results)
    click.echo(say(speech, "policy.cli.golden", held=held, cases=len(results)))
    ctx.exit(0 if ok else 1)


def _row(speech: Lang, rules: Policy, clause: Clause) -> dict[str, object]:
    specs = {spec.name: spec for spec in rules.facts}
    outcome = say(speech, f"policy.outcome.{clause.outcome.value}")
    return {
        "id": clause.id,
        "name": clause_name(speech, clause),
        "when": {fact_name(speech, specs[t.fact]): test_words(speech, specs[t.fact], t) for t in clause.when},
        "needs": [evidence_words(speech, code) for code in clause.needs],
        "then": outcome,
        "formula": "" if clause.amount in (None, ALL_BACK) else rule_formula(speech, clause.amount),
        "automatic": clause.automatic,
        "exception_to": list(clause.exception_to),
    }


def _cell(speech: Lang, row: dict[str, object], column: str) -> str:
    value = row[column]
    if isinstance(value, dict):
        pairs: dict[str, str] = msgspec.convert(value, dict[str, str])
        return "\n".join(f"{name}: {wants}" for name, wants in pairs.items())
    if isinstance(value, list):
        return list_words(speech, msgspec.convert(value, list[str]))
    if column == "then":
        parts = [str(value), str(row["formula"]), say(speech, "policy.cli.at_once") if row["automatic"] else ""]
        return "\n".join(filter(None, parts))
    return str(value)


def _amount(verdict: Verdict, facts: Facts, used: Used | None) -> Amount | None:
    """The arithmetic for a case whose facts say what was paid; by the use given on the command line."""
    paid = facts.values.get(AMOUNT_FACT)
    if verdict.amount is None or not isinstance(paid, int) or isinstance(paid, bool):
        return None
    zero = Money(0)
    money = OrderMoney(paid=Money(paid), fee=zero, refunded=zero, reserved=zero)
    return refund_amount(verdict.amount, money, units=used, time=used, promised=used)


def _read_used(text: str) -> Used | None:
    if not text:
        return None
    found = USED.fullmatch(text)
    if found is None or not 0 <= int(found[1]) <= int(found[2]) or int(found[2]) == 0:
        raise click.BadParameter(f"{text!r}: 12/30", param_hint="--used")
    return Used(total=int(found[2]), used=int(found[1]))


def _print_verdict(speech: Lang, rules: Policy, verdict: Verdict, amount: Amount | None) -> None:
    head = "" if verdict.clause is None else f"{verdict.clause.id} {clause_name(speech, verdict.clause)}"
    outcome = say(speech, f"policy.outcome.{verdict.outcome.value}")
    click.echo(say(speech, "policy.cli.outcome", outcome=outcome, clause=head or say(speech, "policy.cli.no_clause")))
    if amount is not None:
        click.echo(say(speech, "policy.cli.amount", words=formula(speech, amount)))
    elif verdict.amount is not None:
        click.echo(say(speech, "policy.cli.amount", words=rule_formula(speech, verdict.amount)))
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


def _advice_out(speech: Lang, rules: Policy, advice: Advice) -> dict[str, object]:
    seconds = open_for(rules, advice.facts)
    return {
        "clause": advice.clause.id,
        "outcome": advice.clause.outcome,
        "evidence": advice.evidence,
        "cost": advice.cost,
        "proves": dict(advice.proves),
        "open_seconds": seconds,
        "open_words": "" if seconds is None else duration_words(speech, seconds),
        "message": advice_words(speech, rules, advice),
    }


def _golden_out(result: GoldenResult) -> dict[str, object]:
    verdict = result.verdict
    return {
        "name": result.case.name,
        "holds": result.holds,
        "expected": result.case.expect,
        "outcome": verdict.outcome,
        "clause": "" if verdict.clause is None else verdict.clause.id,
        "missing": verdict.missing,
    }


def _golden_words(speech: Lang, result: GoldenResult) -> str:
    verdict, expect = result.verdict, result.case.expect
    came = _answer_words(speech, verdict.outcome, "" if verdict.clause is None else verdict.clause.id, verdict.missing)
    wanted = _answer_words(speech, expect.outcome, expect.clause or "", expect.missing or ())
    return say(speech, "policy.cli.golden_fails", name=result.case.name, expected=wanted, came=came)


def _answer_words(speech: Lang, outcome: Outcome, clause: str, missing: tuple[str, ...]) -> str:
    words = say(speech, f"policy.outcome.{outcome.value}")
    if clause:
        words = f"{words} {clause}"
    if missing:
        lacking = list_words(speech, [evidence_words(speech, code) for code in missing])
        words = say(speech, "policy.cli.answer_missing", answer=words, missing=lacking)
    return words


def _fact_names(speech: Lang, rules: Policy, names: tuple[str, ...]) -> list[str]:
    return [fact_name(speech, spec) for spec in rules.facts if spec.name in names]
