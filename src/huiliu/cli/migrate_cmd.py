"""`huiliu migrate`: bring the database to this program's version."""

from __future__ import annotations

import click

from huiliu.cli.runtime import read_settings, ready_keyring, started_server
from huiliu.cli.words import terminal_lang
from huiliu.kit import migrate as kit
from huiliu.kit.text import say


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 when something is pending.")
@click.pass_context
def migrate(ctx: click.Context, *, check: bool) -> None:
    """Run the migrations that have not run, one at a time, each in its own transaction."""
    lang = terminal_lang()
    settings = read_settings()
    with started_server(settings) as url:
        if check:
            waiting = kit.pending(url)
            for name in waiting:
                click.echo(say(lang, "cli.migrate.pending", name=name))
            ctx.exit(1 if waiting else 0)
        ran = kit.migrate(url)
        ready_keyring(settings, url)
    for name in ran:
        click.echo(say(lang, "cli.migrate.ran", name=name))
    if not ran:
        click.echo(say(lang, "cli.migrate.nothing"))
