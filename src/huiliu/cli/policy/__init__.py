"""`huiliu policy`: write, check, try out, compare, replay, publish refund policies. Exit status 1 on a finding."""

from __future__ import annotations

import click

from huiliu.cli.policy.cases import advise_command, check, decide, golden, table
from huiliu.cli.policy.publishing import publish_command


@click.group()
def policy() -> None:
    """Refund policies: check a file, try a case, compare versions, replay past claims, publish."""


for _command in (check, table, decide, advise_command, golden, publish_command):
    policy.add_command(_command)
