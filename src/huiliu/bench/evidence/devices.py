"""Telephones as they render pages: size, pixel density, font, font scaling, status bar."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class System(StrEnum):
    """Whose status bar it is."""

    ANDROID = "android"
    IOS = "ios"


class Device(Struct, frozen=True, kw_only=True):
    """One profile. `width` and `height` are CSS pixels; `scale` is the text size a person chose in the settings."""

    name: str
    width: int
    height: int
    density: float
    system: System
    font: str
    scale: float = 1.0


A, I = System.ANDROID, System.IOS  # noqa: E741
KNOWN = (
    Device(name="a720", width=360, height=800, density=2.0, system=A, font="Roboto"),
    Device(name="a1080r", width=360, height=780, density=3.0, system=A, font="Roboto"),
    Device(name="a1082i", width=412, height=915, density=2.625, system=A, font="Inter"),
    Device(name="a1080i", width=393, height=873, density=2.75, system=A, font="Inter", scale=1.08),
    Device(name="a1442l", width=412, height=892, density=3.5, system=A, font="Lato"),
    Device(name="a720l", width=360, height=760, density=2.0, system=A, font="Lato"),
    Device(name="a1080l", width=384, height=854, density=2.8125, system=A, font="Lato", scale=1.12),
    Device(name="i1170", width=390, height=844, density=3.0, system=I, font="Inter"),
    Device(name="i750", width=375, height=812, density=2.0, system=I, font="Inter"),
    Device(name="i828", width=414, height=896, density=2.0, system=I, font="Roboto"),
    Device(name="i1284", width=428, height=926, density=3.0, system=I, font="Inter", scale=0.94),
    Device(name="i1290", width=430, height=932, density=3.0, system=I, font="Lato"),
)
"""Seen in the training pictures, each in light and dark."""
STRANGE = (
    Device(name="x1096", width=366, height=814, density=2.9947, system=A, font="Roboto", scale=1.05),
    Device(name="x1206", width=402, height=874, density=3.0, system=I, font="Roboto", scale=0.97),
)
"""Telephones that no atlas knows: only seeds other than `train` have them."""
