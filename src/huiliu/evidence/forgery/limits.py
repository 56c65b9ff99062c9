"""The calibrated limits: data, so that they can be measured anew without touching code."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import msgspec

DEFAULT = Path(__file__).with_name("limits.toml")
CONTAINERS = ("png", "jpeg", "copy", "scaled")


class Limits(msgspec.Struct, frozen=True):
    """By signal and container; what is not listed never becomes a finding."""

    by_signal: dict[str, dict[str, float]]

    def of(self, signal: str, container: str) -> float:
        """The limit of a signal in a container."""
        return self.by_signal.get(signal, {}).get(container, float("inf"))


@cache
def load_limits(path: Path = DEFAULT) -> Limits:
    """Reads a limits file; raises `msgspec.ValidationError` when it holds anything but numbers."""
    return Limits(msgspec.convert(tomllib.loads(path.read_text("utf-8")), dict[str, dict[str, float]]))
