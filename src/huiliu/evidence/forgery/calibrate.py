"""Makes `limits.toml` from honest pictures alone: what one in a hundred of them reaches, with a margin."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from huiliu.evidence.forgery.atlas import Atlas
from huiliu.evidence.forgery.limits import CONTAINERS, Limits
from huiliu.evidence.forgery.measuring import measure
from huiliu.evidence.forgery.scoring import GLYPH, NOISE, STRING, scores
from huiliu.evidence.inspection.model import FieldRead, Line
from huiliu.evidence.inspection.picture import Picture

FALSE_ALARMS = 0.01
"""Share of honest pictures that may pass each limit."""
MARGIN = 1.1
"""The quantile of few hundred pictures is itself uncertain."""
LIMIT_MIN = 0.1
"""No limit is lower, however clean the pictures: pixels of ink, or grey levels, that another phone may well be off by."""
NEGATIVES_MIN = 60
"""Fewer honest pictures of a container than this say nothing about one in a hundred: its old limit stays."""
SIGNALS = (GLYPH, STRING, NOISE)


@dataclass(slots=True)
class Calibrator:
    """Collects the highest score of every signal on honest pictures that the atlas knows."""

    atlas: Atlas
    _highest: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, picture: Picture, lines: Sequence[Line], fields: Sequence[FieldRead]) -> bool:
        """One honest picture, not one that the atlas was built from; False when the atlas does not know its phone."""
        measured = measure(picture, lines, fields, self.atlas)
        found = scores(measured, fields)
        for signal in SIGNALS:
            if measured.profile is None and signal != NOISE:
                continue
            highest = max((each.score for each in found if each.signal == signal), default=None)
            if highest is not None:
                self._highest[signal, measured.container].append(highest)
        return measured.profile is not None

    def counts(self) -> dict[tuple[str, str], int]:
        """How many pictures each limit would rest on, by signal and container."""
        return {key: len(values) for key, values in self._highest.items()}

    def limits(self, old: Limits) -> Limits:
        """New limits where there were pictures enough, the old ones elsewhere."""
        by_signal: dict[str, dict[str, float]] = {}
        for signal in SIGNALS:
            for container in CONTAINERS:
                values = self._highest.get((signal, container), [])
                limit = old.by_signal.get(signal, {}).get(container)
                if len(values) >= NEGATIVES_MIN:
                    limit = max(float(np.quantile(values, 1 - FALSE_ALARMS, method="higher")) * MARGIN, LIMIT_MIN)
                if limit is not None:
                    by_signal.setdefault(signal, {})[container] = round(limit, 3)
        return Limits(by_signal)


def as_toml(limits: Limits, counts: dict[tuple[str, str], int]) -> str:
    """The file's text, with the number of pictures behind each limit."""
    lines = [
        "# Above these a score becomes a finding. Made by huiliu.evidence.forgery.calibrate from honest pictures only: what",
        f"# one in {round(1 / FALSE_ALARMS)} of them reaches, times {MARGIN}, {LIMIT_MIN} at least.",
        "# `huiliu evidence atlas calibrate` makes them anew.",
        "# png, jpeg: ink in pixels a row, at full contrast; scaled: in units of the page's own noise; background_noise: grey",
        "# levels. copy is a JPEG of low quality at full size, scaled any picture that is not as wide as its phone's screen.",
    ]
    for signal, by_container in limits.by_signal.items():
        lines += ["", f"[{signal}]"]
        for container, limit in by_container.items():
            lines.append(f"{container} = {limit}  # of {counts.get((signal, container), 0)} pictures")
    return "\n".join(lines) + "\n"
