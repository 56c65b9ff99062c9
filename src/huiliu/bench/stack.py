"""A whole installation for one run: its own database, real processes, and ways to kill them."""

from __future__ import annotations

import http.client
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import psutil
import psycopg

from huiliu.kit.embedded_pg import embedded_postgres
from huiliu.kit.keyring import Keyring, create_keyring, load_keyring
from huiliu.kit.migrate import migrate
from huiliu.kit.settings import Settings

START_SECONDS_MAX = 60.0
POLL_SECONDS = 0.05
SERVER_ERROR = 500
BENCH_RAIL_SECRET = "rail secret of a bench run"  # noqa: S105 - between processes of one run


@dataclass(slots=True)
class Stack:
    """The processes of one run by name; `environ` is what each is started with."""

    folder: Path
    database_url: str
    keyring: Keyring
    web_port: int
    rail_port: int
    environ: dict[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict[str, subprocess.Popen[bytes]])

    def start(self, name: str, *arguments: str, **more_environ: str) -> subprocess.Popen[bytes]:
        """Start `huiliu <arguments>`; its output goes to <folder>/<name>.log."""
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "huiliu.cli.main", *arguments],
                env=self.environ | more_environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.processes[name] = process
        return process

    def start_web(self, *, workers: int = 1) -> None:
        """The web server, until it answers."""
        self.start("web", "serve", "--port", str(self.web_port), "--workers", str(workers))
        self.wait_for("web", self.web_port)

    def start_rail(self) -> None:
        """The sandbox rail with open books, until it answers."""
        books = str(self.folder / "rail.sqlite3")
        self.start("rail", "simulate", "sandbox", "--port", str(self.rail_port), "--books", books, "--open-books")
        self.wait_for("rail", self.rail_port)

    def wait_for(self, name: str, port: int) -> None:
        """Until something answers HTTP there. Raises RuntimeError with the log's end when the process is gone."""
        give_up_at = time.monotonic() + START_SECONDS_MAX
        while not _answers(port):
            if self.processes[name].poll() is not None or time.monotonic() > give_up_at:
                raise RuntimeError(f"{name} did not start:\n{self.log_tail(name)}")
            time.sleep(POLL_SECONDS)

    def kill(self, name: str) -> None:
        """SIGKILL a process and all it started."""
        process = self.processes.pop(name, None)
        if process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def log_tail(self, name: str) -> str:
        """The last lines a process said."""
        return "\n".join((self.folder / f"{name}.log").read_text("utf-8", errors="replace").splitlines()[-30:])

    def resident_mib(self, name: str) -> float:
        """Memory of a process and its children, in MiB."""
        return sum(each.memory_info().rss for each in self._family(name)) / 1024 / 1024

    def cpu_seconds(self, name: str) -> float:
        """Processor time that a process and its children have used."""
        return sum(sum(each.cpu_times()[:2]) for each in self._family(name))

    def _family(self, name: str) -> list[psutil.Process]:
        root = psutil.Process(self.processes[name].pid)
        return [root, *root.children(recursive=True)]


@contextmanager
def fresh_stack(**settings: str) -> Generator[Stack]:
    """A migrated database of its own on the operator's server or on an embedded one, and ports nobody uses."""
    given = os.environ.get("HUILIU_DATABASE_URL", "")
    with tempfile.TemporaryDirectory(prefix="huiliu-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if given:
            with _own_database(given) as url:
                yield from _stack(folder, url, settings)
        else:
            with embedded_postgres(folder) as url:
                yield from _stack(folder, url, settings)


def _stack(folder: Path, url: str, settings: dict[str, str]) -> Generator[Stack]:
    migrate(url)
    data_dir = folder / "data"
    data_dir.mkdir()
    create_keyring(Settings(data_dir=data_dir).key_file)
    web_port, rail_port = _free_port(), _free_port()
    environ = {
        **os.environ,
        "HUILIU_DATABASE_URL": url,
        "HUILIU_DATA_DIR": str(data_dir),
        "HUILIU_PORT": str(web_port),
        "HUILIU_SANDBOX_RAIL_URL": f"http://127.0.0.1:{rail_port}",
        "HUILIU_SANDBOX_RAIL_SECRET": BENCH_RAIL_SECRET,
        **settings,
    }
    stack = Stack(folder, url, load_keyring(Settings(data_dir=data_dir).key_file), web_port, rail_port, environ)
    try:
        yield stack
    finally:
        for running in list(stack.processes):
            stack.kill(running)


@contextmanager
def _own_database(url: str) -> Generator[str]:
    name = f"bench_{uuid4().hex[:10]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'".encode())
    head, _, query = url.partition("?")
    try:
        yield f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())


def machine() -> str:
    """What this ran on, for the table's caption."""
    model = platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else ():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    memory = psutil.virtual_memory().total / 1024**3
    return f"{os.cpu_count()} cores ({model}), {memory:.0f} GiB, Python {platform.python_version()}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status < SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
