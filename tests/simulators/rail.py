"""A sandbox rail as its own process, and the signed calls with which a test sets it up and reads its books."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from huiliu.simulators.signing import mac

SECRET = "test-secret"
START_SECONDS = 20


class Rail:
    """A running rail."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process = process
        self.url = url

    def call(
        self, method: str, path: str, body: object = None, *, secret: str = SECRET, **headers: str
    ) -> httpx.Response:
        """One signed call; `headers` override (underscores become dashes)."""
        content = b"" if body is None else json.dumps(body).encode()
        return self.call_raw(method, path, content, secret=secret, **headers)

    def call_raw(
        self, method: str, path: str, content: bytes, *, secret: str = SECRET, **headers: str
    ) -> httpx.Response:
        """The same with a body that need not be JSON."""
        stamp, nonce = str(int(time.time())), secrets.token_hex(8)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        stamp, nonce = given.get("rail-timestamp", stamp), given.get("rail-nonce", nonce)
        signature = mac(secret, method, path, stamp, nonce, body=content)
        signed = {"rail-timestamp": stamp, "rail-nonce": nonce, "rail-signature": signature} | given
        return httpx.request(method, self.url + path, content=content, headers=signed, timeout=10, trust_env=False)

    def plan(self, *rules: dict[str, object]) -> None:
        """Replace the fault plan."""
        assert self.call("POST", "/plan", {"rules": rules}).status_code == 200

    def advance(self, seconds: float) -> None:
        """Move the rail's clock; what falls due happens before this returns."""
        assert self.call("POST", "/clock", {"advance_seconds": seconds}).status_code == 200

    def pay_in(self, trade_no: str, amount: int) -> None:
        """Seed a payment."""
        assert self.call("POST", "/payments", {"trade_no": trade_no, "amount": amount}).status_code == 201

    def books(self) -> dict[str, object]:
        """The totals."""
        answer = self.call("GET", "/books")
        assert answer.status_code == 200
        return dict(answer.json())

    def refunds(self) -> dict[str, dict[str, object]]:
        """Every refund in the books by its number."""
        found: dict[str, dict[str, object]] = {}
        after = ""
        while True:
            page: list[dict[str, object]] = self.call("GET", f"/books/refunds?after={after}").json()
            if not page:
                return found
            for row in page:
                assert row["refund_no"] not in found
                found[str(row["refund_no"])] = row
            after = str(page[-1]["rail_refund_no"])


@contextmanager
def running_rail(
    books: Path, *, port: int = 0, has_open_books: bool = True, plan: Path | None = None
) -> Iterator[Rail]:
    """A rail process on these books; stopped (or found dead) afterwards."""
    command = [sys.executable, "-m", "huiliu.cli.simulate", "sandbox", "--port", str(port), "--books", str(books)]
    command += ["--secret", SECRET] + (["--open-books"] if has_open_books else [])
    command += [] if plan is None else ["--plan", str(plan)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"}
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("sandbox rail ready at "), line
            yield Rail(process, line.split()[-1])
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait(START_SECONDS)


def port_of(rail: Rail) -> int:
    """The port it listens on, for a restart at the same address."""
    port = urlsplit(rail.url).port
    assert port is not None
    return port
