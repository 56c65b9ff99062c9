"""`huiliu`: the one command. Each subcommand is loaded when it is called, so that `huiliu --help` answers at once."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec

import click

from huiliu.cli.words import terminal_lang
from huiliu.kit.errors import Refusal
from huiliu.kit.text import refusal_words, say

COMMANDS: Mapping[str, str] = {
    "demo": "huiliu.cli.demo_cmd:demo",
    "serve": "huiliu.cli.serve:serve",
    "worker": "huiliu.cli.worker_cmd:worker",
    "migrate": "huiliu.cli.migrate_cmd:migrate",
    "doctor": "huiliu.cli.doctor:doctor",
    "platform": "huiliu.cli.people:platform",
    "staff": "huiliu.cli.people:staff",
    "keys": "huiliu.cli.people:keys",
    "orders": "huiliu.cli.orders:orders",
    "policy": "huiliu.cli.policy:policy",
    "evidence": "huiliu.cli.evidence:evidence",
    "calendar": "huiliu.cli.calendar_cmd:calendar",
    "journal": "huiliu.cli.journal_cmd:journal",
    "simulate": "huiliu.cli.simulate:simulate",
    "bench": "huiliu.cli.bench:bench",
}
"""Name -> 'module:attribute', in the order of `huiliu --help`. Its line there is `cli.command.<name>` in the locale."""


class LazyGroup(click.Group):
    """A group that imports a command only to run it, and says a refusal in the reader's language."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands whose module this installation has."""
        return [name for name, target in COMMANDS.items() if find_spec(target.partition(":")[0]) is not None]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command itself, imported now."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command), f"{COMMANDS[cmd_name]} is not a command"
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands from the locale, without importing any."""
        lang = terminal_lang()
        with formatter.section(say(lang, "cli.commands")):
            formatter.write_dl([(name, say(lang, f"cli.command.{name}")) for name in self.list_commands(ctx)])

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What the program is, in the reader's language."""
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(say(terminal_lang(), "cli.about"))

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; a refusal ends it with its words instead of a traceback."""
        try:
            return super().invoke(ctx)
        except Refusal as refusal:
            what, then = refusal_words(terminal_lang(), refusal)
            raise click.ClickException(f"{what}\n{then}") from refusal


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="huiliu", prog_name="huiliu")
def main() -> None:
    """The refund and dispute centre for platforms that sell digital goods."""


if __name__ == "__main__":
    main()
