"""`huiliu simulate`: payment rails to try refunds against, each its own process with its own books."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from pathlib import Path

import click
import msgspec

from huiliu.simulators.plan import Plan
from huiliu.simulators.sandbox import SANDBOX_SECRET, load_plan, run

BOOKS_NAME = "sandbox-books.sqlite3"
BOOKS = Path(os.environ.get("HUILIU_DATA_DIR", "var")) / BOOKS_NAME


@click.group()
def simulate() -> None:
    """Run a simulated payment rail."""


@simulate.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8801, show_default=True, help="0 takes a free one.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--books", type=click.Path(path_type=Path), default=BOOKS, show_default=True, help="Where its books are.")
@click.option("--plan", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A fault plan in JSON.")
@click.option("--secret", envvar="HUILIU_SANDBOX_RAIL_SECRET", default=SANDBOX_SECRET, help="Shared with the client.")
@click.option("--open-books", is_flag=True, help="Take unknown trade numbers that start with SB as paid. For the demo.")
def sandbox(port: int, host: str, books: Path, plan: Path | None, secret: str, open_books: bool) -> None:
    """The sandbox rail: refunds over signed HTTP, with faults on demand."""
    try:
        faults = load_plan(plan)
    except msgspec.DecodeError as error:
        raise click.ClickException(f"{plan}: {error}") from None
    try:
        asyncio.run(
            _until_stopped(port=port, host=host, books=books, plan=faults, secret=secret, open_books=open_books)
        )
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host}:{port}: {error.strerror}") from None


async def _until_stopped(*, port: int, host: str, books: Path, plan: Plan, secret: str, open_books: bool) -> None:
    def ready(url: str) -> None:
        click.echo(f"sandbox rail ready at {url}")

    serving = asyncio.create_task(
        run(port=port, host=host, books=books, plan=plan, secret=secret, has_open_books=open_books, ready=ready)
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, serving.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await serving


if __name__ == "__main__":
    simulate()
