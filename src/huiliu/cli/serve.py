"""`huiliu serve`: the web server. `huiliu worker`, its own process, does what happens outside requests."""

from __future__ import annotations

import os

import click
from granian.constants import HTTPModes, Interfaces, Loops
from granian.server import Server

from huiliu.cli.runtime import read_settings, ready_database, ready_keyring

BACKLOG = 1024
STOP_SECONDS_MAX = 10
"""A stopping server finishes the requests it has begun, for this long."""


@click.command()
@click.option("--host", help="Address to listen on; HUILIU_HOST if not given.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on; HUILIU_PORT if not given.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that serve.")
def serve(host: str | None, port: int | None, workers: int) -> None:
    """Serve pages and the API until SIGINT or SIGTERM; requests under way are finished first."""
    settings = read_settings()
    with ready_database(settings) as url:
        ready_keyring(settings, url)
        # The server's processes read their settings themselves; they must find the server that was started here.
        os.environ["HUILIU_DATABASE_URL"] = url
        Server(
            "huiliu.app:create_app",
            factory=True,
            address=host or settings.host,
            port=port or settings.port,
            interface=Interfaces.ASGI,
            workers=workers,
            http=HTTPModes.http1,
            loop=Loops.uvloop if os.name == "posix" else Loops.asyncio,
            websockets=False,
            backlog=BACKLOG,
            workers_kill_timeout=STOP_SECONDS_MAX,
            respawn_failed_workers=True,
        ).serve()
