"""An inspection as one JSON object, and as tables for people."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from huiliu.cli.evidence.common import output_console, printable
from huiliu.evidence.checks.words import (
    check_words,
    field_words,
    page_words,
    reason_words,
    signal_words,
    value_words,
    verdict_meaning,
    verdict_words,
)
from huiliu.evidence.inspection.model import (
    Box,
    Check,
    CheckVerdict,
    Container,
    FieldName,
    FieldRead,
    Finding,
    Inspection,
    Quality,
    Verdict,
)
from huiliu.kit.errors import Refusal
from huiliu.kit.text import Lang, refusal_words, say

STYLES = {
    Verdict.CONSISTENT: "bold green",
    Verdict.CONTRADICTED: "bold red",
    Verdict.UNVERIFIABLE: "bold yellow",
    Verdict.RETAKE: "bold magenta",
}
SIGNS = {CheckVerdict.AGREES: "✓", CheckVerdict.CONTRADICTS: "✗", CheckVerdict.UNKNOWN: "?"}
CHECK_STYLES = {CheckVerdict.AGREES: "green", CheckVerdict.CONTRADICTS: "red", CheckVerdict.UNKNOWN: "dim"}
ORDER = (CheckVerdict.CONTRADICTS, CheckVerdict.AGREES, CheckVerdict.UNKNOWN)
PERCENT = 100


class FieldOut(msgspec.Struct, frozen=True):
    """One field of the JSON answer."""

    value: str
    text: str
    box: Box
    score: float


class InspectionOut(msgspec.Struct, frozen=True, kw_only=True):
    """One line of --json, as docs/guides/evidence-commands.md documents it."""

    file: str
    verdict: Verdict
    reasons: tuple[str, ...]
    page: str
    fields: dict[FieldName, FieldOut]
    missing: tuple[FieldName, ...]
    quality: Quality
    container: Container
    checks: tuple[Check, ...]
    findings: tuple[Finding, ...]
    atlas: str
    timings_ms: dict[str, float]
    drawn: str = ""


class ErrorOut(msgspec.Struct, frozen=True, kw_only=True):
    """What --json says of a file that could not be inspected."""

    code: str
    message: str
    next: str


class RefusedOut(msgspec.Struct, frozen=True, kw_only=True):
    """The line of such a file."""

    file: str
    verdict: None
    error: ErrorOut


def inspection_out(file: str, inspection: Inspection, *, drawn: str = "") -> InspectionOut:
    """One inspection as the guide documents it."""
    fields: dict[FieldName, FieldOut] = {}
    for field in inspection.fields:
        fields.setdefault(field.name, FieldOut(field.value, field.text, field.box, round(field.score, 4)))
    return InspectionOut(
        file=printable(file),
        verdict=inspection.verdict,
        reasons=inspection.reasons,
        page=inspection.page,
        fields=fields,
        missing=inspection.missing,
        quality=inspection.quality,
        container=inspection.container,
        checks=inspection.checks,
        findings=inspection.findings,
        atlas=inspection.atlas,
        timings_ms=inspection.timings,
        drawn=drawn,
    )


def error_out(speech: Lang, file: str, refusal: Refusal) -> RefusedOut:
    """A refusal as the guide documents it."""
    what, todo = refusal_words(speech, refusal)
    return RefusedOut(file=printable(file), verdict=None, error=ErrorOut(code=refusal.code, message=what, next=todo))


def print_inspection(speech: Lang, file: str, inspection: Inspection, *, drawn: str = "") -> None:
    """One inspection for a person: the verdict and why, what was read, what was compared, what the pixels say."""
    console = output_console()
    verdict = f"[{STYLES[inspection.verdict]}]{verdict_words(speech, inspection.verdict)}[/]"
    console.print(f"[bold]{escape(printable(file))}[/]: {verdict} ({inspection.verdict.value})", soft_wrap=True)
    console.print(verdict_meaning(speech, inspection.verdict), soft_wrap=True)
    for reason in inspection.reasons:
        console.print(f"  · {escape(reason_words(speech, reason))}", soft_wrap=True)
    console.print(_facts(speech, inspection), soft_wrap=True, style="dim")
    if inspection.fields:
        console.print(_fields(speech, inspection.fields))
    if inspection.checks:
        console.print(_checks(speech, inspection.checks))
    _print_findings(speech, console, inspection.findings)
    if drawn:
        console.print(escape(say(speech, "evidence_checks.cli.drawn", file=drawn)), soft_wrap=True)
    console.print()


def _facts(speech: Lang, inspection: Inspection) -> str:
    quality = inspection.quality
    kind = "screenshot" if quality.is_screenshot else "photo"
    steps = ", ".join(f"{step} {time:.0f}" for step, time in inspection.timings.items())
    return escape(
        say(
            speech,
            "evidence_checks.cli.facts",
            page=page_words(speech, inspection.page),
            kind=say(speech, f"evidence_checks.cli.{kind}"),
            width=quality.width,
            height=quality.height,
            sharpness=f"{quality.sharpness:.2f}",
            atlas=say(speech, f"evidence_checks.cli.atlas.{inspection.atlas}"),
            steps=steps,
        )
    )


def _fields(speech: Lang, fields: Sequence[FieldRead]) -> Table:
    table = Table(title=say(speech, "evidence_checks.cli.fields"), title_justify="left")
    for column in ("field", "value", "confidence", "box"):
        table.add_column(say(speech, f"evidence_checks.cli.column.{column}"))
    for field in fields:
        box = f"{field.box.x},{field.box.y} {field.box.width}x{field.box.height}"
        value = value_words(speech, field.name, field.value)
        table.add_row(field_words(speech, field.name.value), escape(value), f"{PERCENT * field.score:.0f} %", box)
    return table


def _checks(speech: Lang, checks: Sequence[Check]) -> Table:
    table = Table(title=say(speech, "evidence_checks.cli.checks"), title_justify="left", show_header=False)
    for check in sorted(checks, key=lambda it: ORDER.index(it.verdict)):
        style = CHECK_STYLES[check.verdict]
        table.add_row(SIGNS[check.verdict], escape(check_words(speech, check)), style=style)
    return table


def _print_findings(speech: Lang, console: Console, findings: Sequence[Finding]) -> None:
    if not findings:
        return
    console.print(escape(say(speech, "evidence_checks.cli.findings")), style="bold")
    for finding in findings:
        where = "; ".join(f"{it.x},{it.y} {it.width}x{it.height}" for it in finding.boxes)
        name = "" if finding.field is None else f" ({field_words(speech, finding.field.value)})"
        facts = f"{finding.score:.2f} > {finding.limit:.2f}"
        console.print(
            escape(f"  · {signal_words(speech, finding.signal)}{name}: {facts} {where} {finding.note}".rstrip())
        )
