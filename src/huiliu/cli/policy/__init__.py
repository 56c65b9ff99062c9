"""`huiliu policy`: write, check, try out, compare, replay, publish refund policies. Exit status 1 on a finding."""

from __future__ import annotations

import click

from huiliu.cli.policy.cases import advise_command, check, decide, golden, table
from huiliu.cli.policy.checks import diff_command, lint_command
from huiliu.cli.policy.exchange import export_command, import_command
from huiliu.cli.policy.publishing import publish_command
from huiliu.cli.policy.replay import backtest_command, claims_command


@click.group()
def policy() -> None:
    """Refund policies: check a file, try a case, compare versions, replay past claims, publish."""


for _command in (
    check,
    table,
    lint_command,
    decide,
    advise_command,
    golden,
    diff_command,
    backtest_command,
    claims_command,
    export_command,
    import_command,
    publish_command,
):
    policy.add_command(_command)
