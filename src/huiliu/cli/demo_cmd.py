"""`huiliu demo`: a whole refund centre on one machine: database, web, worker, and a sandbox rail that moves no money."""

from __future__ import annotations

import asyncio
import fcntl
import os
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import click
from msgspec.structs import replace

from huiliu.adapters.files import LocalFiles
from huiliu.cli.children import ChildDied, Children, free_port, stopping_on_signals
from huiliu.cli.errors import DemoRunning
from huiliu.cli.runtime import read_settings, ready_database, ready_keyring
from huiliu.cli.simulate import BOOKS_NAME
from huiliu.cli.words import chosen_lang, lang_option
from huiliu.demo.findings import play_findings
from huiliu.demo.load import load_demo
from huiliu.demo.own_pictures import write_own_pictures
from huiliu.demo.rail_books import RAIL_PLAN, write_rail_books
from huiliu.kit.db import create_pool
from huiliu.kit.keyring import Keyring
from huiliu.kit.settings import Settings
from huiliu.kit.text import Lang, say

EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what an operator may set, and where to ask then
RAIL_HOST = "127.0.0.1"
POOL_MAX = 4
OWN_PICTURES = "pictures"
FINDINGS_STOP_SECONDS = 5.0
PAYOUT_PACE = 0.1
"""The rail is asked after half a second instead of five, so that one can watch; HUILIU_PAYOUT_PACE overrides it."""


@click.command()
@lang_option
def demo(lang: str | None) -> None:
    """Start everything with a demo platform and print where to look; Ctrl-C stops it, the data stays."""
    words = chosen_lang(lang)
    settings = read_settings()
    with stopping_on_signals():
        try:
            _run(words, settings)
        except KeyboardInterrupt:
            click.echo(say(words, "cli.demo.stopped", folder=settings.data_dir.resolve()))
        except ChildDied as died:
            click.echo(died.log_tail, err=True)
            raise click.ClickException(say(words, "cli.demo.child_died", name=died.name)) from died


def _run(lang: Lang, asked: Settings) -> None:
    """Database, data, processes, addresses; then stay until a signal or a dead child."""
    started = time.monotonic()
    with _only_one(asked.data_dir) as lock:
        settings = _with_free_ports(asked)
        if settings.port != asked.port:
            click.echo(say(lang, "cli.demo.other_port", wanted=asked.port, port=settings.port))
        lock.write_text(settings.public_url, "utf-8")
        click.echo(say(lang, "cli.demo.database", folder=settings.data_dir.resolve()))
        with ready_database(settings) as url:
            keyring = ready_keyring(settings, url)
            click.echo(say(lang, "cli.demo.data"))
            asyncio.run(_load(settings, url, keyring))
            click.echo(say(lang, "cli.demo.processes"))
            with Children(settings.data_dir / "log", _environ(settings, url)) as children:
                _start(children, settings)
                seconds = f"{time.monotonic() - started:.1f}"
                pictures = (settings.data_dir / OWN_PICTURES).resolve()
                click.echo(say(lang, "cli.demo.ready", seconds=seconds, url=settings.public_url, pictures=pictures))
                with _findings_behind(url, keyring):
                    children.watch()


async def _load(settings: Settings, url: str, keyring: Keyring) -> None:
    """Hand the demo its data, and the rail its side of it; the loader knows what is already there."""
    async with create_pool(url, size_max=POOL_MAX) as pool:
        await load_demo(pool, keyring, LocalFiles(settings.files_dir, keyring))
        await write_rail_books(pool, settings.data_dir / BOOKS_NAME)
        await write_own_pictures(pool, settings.data_dir / OWN_PICTURES)


@contextmanager
def _findings_behind(url: str, keyring: Keyring) -> Generator[None]:
    """What follows from inspections is played beside the worker that makes them; the start waits for none of it."""
    over = threading.Event()

    async def play() -> None:
        async with create_pool(url, size_max=1) as pool:
            await play_findings(pool, keyring, is_over=over.is_set)

    thread = threading.Thread(target=lambda: asyncio.run(play()), name="findings", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(FINDINGS_STOP_SECONDS)


def _start(children: Children, settings: Settings) -> None:
    rail_port = urlsplit(settings.sandbox_rail_url).port or 0
    children.start("web", "serve", "--host", settings.host, "--port", str(settings.port))
    children.start("rail", "simulate", "sandbox", "--port", str(rail_port), "--open-books", "--plan", str(RAIL_PLAN))
    children.start("worker", "worker")
    children.wait_for_answer(RAIL_HOST, rail_port)
    children.wait_for_answer(EVERY_ADDRESS.get(settings.host, settings.host), settings.port)


def _with_free_ports(settings: Settings) -> Settings:
    port = free_port(settings.host, settings.port)
    rail_port = free_port(RAIL_HOST, urlsplit(settings.sandbox_rail_url).port or port + 1, but_not=port)
    return replace(settings, port=port, sandbox_rail_url=f"http://{RAIL_HOST}:{rail_port}")


def _environ(settings: Settings, url: str) -> dict[str, str]:
    """What the processes are told; the database they share is already running."""
    return dict(os.environ) | {
        "HUILIU_DATABASE_URL": url,
        "HUILIU_DATA_DIR": str(settings.data_dir),
        "HUILIU_DEMO": "1",
        "HUILIU_HOST": settings.host,
        "HUILIU_PAYOUT_PACE": os.environ.get("HUILIU_PAYOUT_PACE", str(PAYOUT_PACE)),
        "HUILIU_PORT": str(settings.port),
        "HUILIU_SANDBOX_RAIL_URL": settings.sandbox_rail_url,
    }


@contextmanager
def _only_one(data_dir: Path) -> Generator[Path]:
    """Two demos on one data directory would run each other's payouts; the second says where the first is."""
    data_dir.mkdir(parents=True, exist_ok=True)
    path = data_dir / "demo.lock"
    with path.open("a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DemoRunning(address=path.read_text("utf-8")) from error
        yield path
