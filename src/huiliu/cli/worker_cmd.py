"""`huiliu worker`: payouts, deadlines and messages, as due rows of the database."""

from __future__ import annotations

import asyncio

import click

from huiliu.cli.runtime import read_settings, ready_database, ready_keyring
from huiliu.kit.log import configure_logging
from huiliu.worker.main import run


@click.command()
def worker() -> None:
    """Do what is due until SIGINT or SIGTERM; any number of workers may run side by side."""
    settings = read_settings()
    configure_logging(as_json=settings.log_json)
    with ready_database(settings) as url:
        asyncio.run(run(settings, url, ready_keyring(settings, url)))
