"""Everything an operator can set, read once from HUILIU_* variables. docs/settings.md lists each; a test compares."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

INSPECTION_LANES_MAX = 64


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """One field a setting; HUILIU_<FIELD> overrides it."""

    data_dir: Path = Path("var")
    """Where the embedded database, the key file and uploaded files live."""
    database_url: str = ""
    """Any PostgreSQL >= 15; empty means the embedded server under data_dir."""
    database_pool_max: int = 20
    host: str = "127.0.0.1"
    port: int = 8800
    base_url: str = ""
    """The address people use, for links in messages; empty means http://host:port."""
    sandbox_rail_url: str = "http://127.0.0.1:8801"
    sandbox_rail_secret: str = "sandbox"  # noqa: S105 - guards play money; the simulator's default is the same
    """What both sides of the sandbox rail sign with."""
    payout_pace: float = 1.0
    """Scales the schedule by which rails are asked again; the demo shortens it, production leaves it."""
    demo: bool = False
    """Show the cast's one-click logins and one-time codes on the page. Never in production."""
    secure_cookies: bool = False
    """Set when served over HTTPS: cookies carry Secure and the __Host- prefix."""
    trusted_proxies: int = 0
    """How many proxies in front append to X-Forwarded-For; 0 means the socket's peer is the client."""
    smtp_url: str = ""
    """Who carries mail: smtp://[user:password@]host[:port] (STARTTLS if offered) or smtps://...; empty means one .eml
    file a message under data_dir/outbox."""
    mail_from: str = ""
    """The sender of mail."""
    clamav: str = ""
    """Where a clamd listens: host:port or the path of its Unix socket; empty means that uploads are not scanned."""
    log_json: bool = False
    worker_lanes: int = 4
    """How many payouts one worker sends at the same time."""
    inspection_lanes: int | None = None
    """How many files one worker inspects at the same time, each in a process of its own; none: one a core; 0: none."""

    @property
    def lanes_of_inspection(self) -> int:
        """The number itself."""
        if self.inspection_lanes is not None:
            return max(0, min(self.inspection_lanes, INSPECTION_LANES_MAX))
        return min(_cores(), INSPECTION_LANES_MAX)

    @property
    def public_url(self) -> str:
        """The address to print and to put into messages."""
        return self.base_url or f"http://{self.host}:{self.port}"

    @property
    def key_file(self) -> Path:
        """The keyring's file."""
        return self.data_dir / "keys.toml"

    @property
    def files_dir(self) -> Path:
        """The folder of evidence files."""
        return self.data_dir / "files"


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read HUILIU_* variables. Raises msgspec.ValidationError naming the bad one; unknown names are ignored."""
    given = {
        name.removeprefix("HUILIU_").lower(): value for name, value in environ.items() if name.startswith("HUILIU_")
    }
    known = {field.name: given[field.name] for field in msgspec.structs.fields(Settings) if field.name in given}
    return msgspec.convert(known, Settings, strict=False, dec_hook=_decode)


def _cores() -> int:
    """The cores that this process may use: a container is often given fewer than the host has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _decode(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise NotImplementedError(kind)
