"""What every `huiliu policy` command needs: reading its files, one form of JSON, and ends with the right exit status."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NoReturn

import click
import msgspec

from huiliu.kit.errors import Refusal
from huiliu.kit.text import Lang, refusal_words
from huiliu.policy.document import SOURCE_CHARS_MAX
from huiliu.policy.facts import read_facts
from huiliu.policy.model import Facts, Policy, PolicyError
from huiliu.policy.parse import PlacedPolicy, place_policy
from huiliu.policy.reader import WORD_SHOWN_MAX
from huiliu.policy.wording import error_words, problem_words
from huiliu.policy.words import FACTS, canonical, slot_code

FACTS_BYTES_MAX = 64 * 1024
SOURCE_BYTES_MAX = SOURCE_CHARS_MAX * 4

FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


def read_bytes(file: Path, bytes_max: int) -> bytes:
    """The file, and one byte more than allowed where there is more, for the reader to refuse."""
    with file.open("rb") as opened:
        return opened.read(bytes_max + 1)


def policy_or_exit(ctx: click.Context, file: Path, speech: Lang, *, as_json: bool) -> Policy:
    """The policy of a file; what is wrong with it is printed and ends the command with status 1."""
    return placed_or_exit(ctx, file, speech, as_json=as_json).policy


def placed_or_exit(ctx: click.Context, file: Path, speech: Lang, *, as_json: bool) -> PlacedPolicy:
    """The policy and the places of its clauses."""
    try:
        return place_policy(read_bytes(file, SOURCE_BYTES_MAX))
    except PolicyError as error:
        fail(ctx, error, speech, as_json=as_json, file=file)


def facts_or_exit(ctx: click.Context, rules: Policy, file: Path, speech: Lang, *, as_json: bool) -> Facts:
    """The facts of a JSON file in the policy's words; what does not fit ends the command with status 1."""
    try:
        return read_facts(rules, _read_json(file))
    except PolicyError as error:
        fail(ctx, error, speech, as_json=as_json)


def fail(ctx: click.Context, error: PolicyError, speech: Lang, *, as_json: bool, file: Path | None = None) -> NoReturn:
    """Print every problem and end with status 1."""
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
        print_json({"ok": False, "problems": problems} | ({} if file is None else {"file": str(file)}))
    else:
        for line in error_words(speech, error):
            click.echo(line if file is None else f"{file}: {line}", err=True)
    ctx.exit(1)


def refuse(ctx: click.Context, refusal: Refusal, speech: Lang, *, as_json: bool) -> NoReturn:
    """Print a refusal that has no place in a file, and end with status 1."""
    what, todo = refusal_words(speech, refusal)
    if as_json:
        problem = {"line": 1, "column": 1, "code": refusal.code, "message": f"{what} {todo}"}
        print_json({"ok": False, "problems": [problem]})
    else:
        click.echo(f"{what}\n{todo}", err=True)
    ctx.exit(1)


def read_evidence(text: str, rules: Policy) -> frozenset[str]:
    """'支付截图,time_gap' -> slot codes, or the policy's own words. A word of neither is a usage error."""
    codes: set[str] = set()
    for word in filter(None, (part.strip() for part in text.replace("，", ",").split(","))):
        code = slot_code(word) or (word if word in rules.costs else None)
        if code is None:
            raise click.BadParameter(word, param_hint="--evidence")
        codes.add(code)
    return frozenset(codes)


def summary(rules: Policy) -> dict[str, object]:
    """The policy's identity, in every JSON answer."""
    return {
        "name": rules.name,
        "id": rules.id,
        "label": rules.label,
        "content_hash": rules.content_hash.hex(),
        "effective_from": rules.effective_from,
        "clauses": len(rules.clauses),
    }


def write_file(file: Path, content: bytes) -> None:
    """Write what a command made; where that cannot be, it is said and ends the command with status 1."""
    try:
        file.write_bytes(content)
    except OSError as error:
        raise click.FileError(str(file), hint=error.strerror) from error


def print_json(value: object) -> None:
    """One indented JSON document on standard output."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def _read_json(file: Path) -> dict[str, object]:
    raw = read_bytes(file, FACTS_BYTES_MAX)
    if len(raw) > FACTS_BYTES_MAX:
        raise click.BadParameter(f"{file}: more than {FACTS_BYTES_MAX} bytes", param_hint="--facts")
    try:
        given = msgspec.json.decode(raw, type=dict[str, object])
        json.loads(raw, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise click.BadParameter(f"{file}: {error}", param_hint="--facts") from error
    return given


def _once(pairs: list[tuple[str, object]]) -> None:
    """Of a fact said twice, in one language or in both, nobody knows which is meant. Raises ValueError."""
    seen: set[str] = set()
    for key, _ in pairs:
        name = canonical(FACTS, key) or key
        if name in seen:
            raise ValueError(f"{key[:WORD_SHOWN_MAX]!r} is there twice")
        seen.add(name)
