"""`huiliu evidence`: look at pictures, keep an atlas of trusted ones, try the gate. Works without a database."""

from __future__ import annotations

import click

from huiliu.cli.evidence.atlas import atlas
from huiliu.cli.evidence.gate import gate_command
from huiliu.cli.evidence.inspecting import inspect_command


@click.group()
def evidence() -> None:
    """Evidence: read and check pictures, build an atlas of trusted ones, see what the gate makes of a file."""


for _command in (inspect_command, atlas, gate_command):
    evidence.add_command(_command)
