"""The list of deliberate bugs: each is one place in the policy checks, the exact text there, and what stands in its stead."""

from __future__ import annotations

from pathlib import Path

import msgspec


class Mutation(msgspec.Struct, frozen=True):
    """One small bug of the kind a tired person makes."""

    module: str
    """The file's name under `policy/`, without its ending."""
    old: str
    new: str
    breaks: str
    """What the bug does, for the table."""

    @property
    def name(self) -> str:
        """How it is spoken of."""
        return f"{self.module}: {self.breaks}"

    def applies(self, package: Path) -> bool:
        """Whether the text is there exactly once, so that the list cannot rot unseen."""
        return self.path(package).exists() and self.path(package).read_text("utf-8").count(self.old) == 1

    def apply(self, package: Path) -> None:
        """Put the bug into a copy of the package."""
        path = self.path(package)
        path.write_text(path.read_text("utf-8").replace(self.old, self.new), "utf-8")

    def path(self, package: Path) -> Path:
        """The file it is in."""
        return package / "policy" / f"{self.module}.py"


MUTATIONS: tuple[Mutation, ...] = (
    Mutation(
        "explain",
        "if best is None or cost < best.cost:",
        "if best is None or cost <= best.cost + 1:",
        "advice that is a little dearer than the cheapest is kept",
    ),
    Mutation(
        "explain",
        "claimed = compiled(policy).samples(spec) if said is None else (said,)",
        "claimed = compiled(policy).samples(spec)",
        "the buyer is told to say something else",
    ),
    Mutation(
        "explain",
        "added = (*shown, *verdict.missing)",
        "added = (*shown,)",
        "advice forgets what the clause needs beside the proof",
    ),
    Mutation(
        "compiled",
        "return tuple(dict.fromkeys((low, *(cut for cut in cuts if cut in spec.domain))))",
        "return (low,)",
        "advice tries one value of a number only",
    ),
)
