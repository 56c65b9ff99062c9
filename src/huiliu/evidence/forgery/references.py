"""What an atlas is made of."""

from __future__ import annotations

from dataclasses import dataclass, field

from huiliu.evidence.forgery.limits import Limits
from huiliu.evidence.forgery.matching import Style


@dataclass(frozen=True, slots=True)
class Cluster:
    """One kind of phone, theme and font, found from what its pictures share."""

    name: str
    width: int
    """Pixels across of its own pictures."""
    heights: tuple[int, ...]
    is_dark: bool
    pictures: int
    styles: tuple[Style, ...]
    roles: dict[str, dict[int, int]]
    """By `title|field`: in how many pictures that field was set in which style (by its place)."""
    role_pictures: dict[str, int]
    """By `title|field`: in how many pictures it was seen at all."""
    indexes: tuple[dict[str, list[int]], ...] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Looks every style's characters up once, not per picture."""
        object.__setattr__(self, "indexes", tuple(style.by_char() for style in self.styles))


@dataclass(frozen=True, slots=True)
class AtlasParts:
    """An atlas as it is written and read."""

    clusters: tuple[Cluster, ...]
    pictures: int
    limits: Limits | None
