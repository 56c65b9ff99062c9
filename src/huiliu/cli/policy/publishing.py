"""`huiliu policy publish`: put a version in force from the server, without the desk."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import click

from huiliu.cli.policy.files import FILE, policy_or_exit, print_json, refuse, summary
from huiliu.cli.runtime import open_runtime
from huiliu.cli.words import chosen_lang, lang_option
from huiliu.kit.db import transaction
from huiliu.kit.errors import Refusal
from huiliu.kit.ids import SHANGHAI
from huiliu.kit.text import say
from huiliu.people.actor import system_actor
from huiliu.people.reads import platform_by_slug
from huiliu.policy.actions import publish
from huiliu.policy.model import PublishedPolicy


@click.command(name="publish")
@click.argument("file", type=FILE)
@click.option("--platform", "slug", required=True, help="The platform's short name in addresses.")
@click.option("--effective-from", default=None, help="ISO instant with offset; else the file's, else now.")
@click.option("--first-import", is_flag=True, help="Allow a past instant from before the first publication here.")
@click.option("--json", "as_json", is_flag=True, help="Print {ok, policy, id, effective_from}.")
@lang_option
@click.pass_context
def publish_command(
    ctx: click.Context,
    *,
    file: Path,
    slug: str,
    effective_from: str | None,
    first_import: bool,
    as_json: bool,
    lang: str | None,
) -> None:
    """Publish FILE for orders placed from its effective time on; the same content twice is one version."""
    speech = chosen_lang(lang)
    starts = None if effective_from is None else _read_instant(effective_from)
    policy_or_exit(ctx, file, speech, as_json=as_json)
    try:
        published = asyncio.run(_publish(file.read_text("utf-8-sig"), slug, starts, allow_past=first_import))
    except Refusal as no:
        if not as_json:
            raise
        refuse(ctx, no, speech, as_json=True)
    when = f"{published.effective_from.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
    is_other = starts is not None and starts != published.effective_from
    if as_json:
        told: dict[str, object] = {"id": published.id, "effective_from": published.effective_from}
        print_json({"ok": not is_other, "policy": summary(published.policy), **told, "problems": []})
        ctx.exit(1 if is_other else 0)
    key = "policy.cli.already_published" if is_other else "policy.cli.published"
    click.echo(say(speech, key, label=published.label, when=when, id=published.id))
    ctx.exit(1 if is_other else 0)


async def _publish(source: str, slug: str, starts: datetime | None, *, allow_past: bool) -> PublishedPolicy:
    async with open_runtime() as runtime:
        platform = await platform_by_slug(runtime.pool, slug)
        async with transaction(runtime.pool, system_actor(platform.id)) as tx:
            return await publish(tx, source, starts, allow_past=allow_past)


def _read_instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise click.BadParameter(f"{text!r}: 2025-12-01T00:00:00+08:00", param_hint="--effective-from")
