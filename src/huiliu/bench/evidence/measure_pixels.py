"""Pixels alone: which signal finds which attack in which container, at one false alarm in a hundred and at the shipped limits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from huiliu.bench.evidence.figures import Figure, Found, at_least, at_most, markdown, share
from huiliu.bench.evidence.measure_text import honest
from huiliu.bench.evidence.rivals import ELA
from huiliu.bench.evidence.trial import Seen
from huiliu.bench.evidence.truth import EDITED, FORGERIES, Attack, Kept

FALSE_ALARMS = 0.01
DIGITS_GOAL = {Kept.PNG: 0.93, Kept.JPG: 0.90, Kept.WECHAT: 0.65}
STATUS_GOAL = {Kept.PNG: 0.85, Kept.JPG: 0.85}
TOGETHER = "together"
"""The largest of all signals, each in units of its own limit at one false alarm in a hundred."""
SHIPPED_FALSE_MAX = 0.02
NAMES = {Kept.PNG: "PNG", Kept.JPG: "JPEG", Kept.WECHAT: "messenger's copies"}


def pixels(seen: Sequence[Seen]) -> Found:
    """True positive rates at 1 % false alarms, per signal, attack and container; what the shipped limits find."""
    known = [each for each in seen if each.truth.container in EDITED and each.truth.device_known]
    clean = {kept: [each for each in honest(known) if each.truth.container is kept] for kept in EDITED}
    limits = {kept: _limits(clean[kept]) for kept in EDITED}
    figures: list[Figure] = []
    for attack, goals, name in (
        (Attack.PS_LIKE, DIGITS_GOAL, "digits redrawn by an editor"),
        (Attack.OTHER_FONT, DIGITS_GOAL, "digits redrawn in another font"),
        (Attack.STATUS, STATUS_GOAL, "status redrawn"),
    ):
        for kept in EDITED:
            figures.append(_figure(known, limits, attack, kept, goal=goals.get(kept), name=name))
    shipped = [each for kept in EDITED for each in clean[kept]]
    alarmed = sum(bool(each.findings) for each in shipped)
    strange = [each for each in honest(seen) if not each.truth.device_known]
    figures += [
        Figure(
            section="pixels", what="honest pictures with a finding at the shipped limits", goal="at most 2 %",
            measured=share(alarmed, len(shipped)), is_met=at_most(alarmed, len(shipped), SHIPPED_FALSE_MAX), of=str(len(shipped)),
        ),
        Figure(
            section="pixels", what="honest pictures of unknown telephones with a finding",
            measured=share(sum(bool(each.findings) for each in strange), len(strange)), of=str(len(strange)),
        ),
    ]  # fmt: skip
    tables = [_ablation(known, limits, clean, kept) for kept in EDITED]
    return Found(figures=tuple(figures), tables=(*tables, _shipped(known, clean)))


def _figure(
    known: Sequence[Seen],
    limits: dict[Kept, dict[str, float]],
    attack: Attack,
    kept: Kept,
    *,
    goal: float | None,
    name: str,
) -> Figure:
    of_it = _attacked(known, attack, kept)
    hits = sum(score(each, TOGETHER, limits[kept]) > limits[kept][TOGETHER] for each in of_it)
    rival = sum(score(each, ELA, limits[kept]) > limits[kept][ELA] for each in of_it)
    return Figure(
        section="pixels", what=f"{name}, {NAMES[kept]}, found by pixels alone at 1 % false alarms",
        goal=f"at least {goal:.2f}" if goal else "", measured=_rate(hits, len(of_it)),
        is_met=at_least(hits, len(of_it), goal) if goal else None, rival=f"ELA per glyph {_rate(rival, len(of_it))}",
        of=str(len(of_it)),
    )  # fmt: skip


def _rate(part: int, whole: int) -> str:
    return f"{part / whole:.2f}" if whole else "-"


def _limits(clean: Sequence[Seen]) -> dict[str, float]:
    """By signal, what one honest picture in a hundred passes; then the same of all of them together."""
    names = sorted({name for each in clean for name in each.scores})
    limits = {name: _quantile([each.scores.get(name, 0.0) for each in clean]) for name in names}
    limits[TOGETHER] = _quantile([score(each, TOGETHER, limits) for each in clean])
    return limits


def _quantile(scores: Sequence[float]) -> float:
    return float(np.quantile(np.array(scores), 1 - FALSE_ALARMS, method="higher")) if scores else 0.0


def score(seen: Seen, signal: str, limits: dict[str, float]) -> float:
    """One signal's score, or the largest of ours."""
    if signal != TOGETHER:
        return seen.scores.get(signal, 0.0)
    return max(
        (value / limits[name] for name, value in seen.scores.items() if name != ELA and limits.get(name)), default=0.0
    )


def _attacked(known: Sequence[Seen], attack: Attack, kept: Kept) -> list[Seen]:
    return [each for each in known if each.truth.attack is attack and each.truth.container is kept]


def _ablation(
    known: Sequence[Seen], limits: dict[Kept, dict[str, float]], clean: dict[Kept, list[Seen]], kept: Kept
) -> str:
    """Attack by signal: area under the curve and the rate at 1 % false alarms."""
    signals = [name for name in limits[kept] if name != TOGETHER]
    rows: list[tuple[str, ...]] = []
    for attack in FORGERIES:
        of_it = _attacked(known, attack, kept)
        cells = [_cell(of_it, clean[kept], name, limits[kept]) for name in (*signals, TOGETHER)]
        rows.append((attack.value, str(len(of_it)), *cells))
    return markdown((f"{NAMES[kept]}: AUC / rate at 1 %", "of", *signals, TOGETHER), rows)


def _cell(attacked: Sequence[Seen], clean: Sequence[Seen], signal: str, limits: dict[str, float]) -> str:
    if not attacked or not clean:
        return "-"
    theirs = np.array([score(each, signal, limits) for each in attacked])
    ours = np.array([score(each, signal, limits) for each in clean])
    above = (theirs[:, None] > ours[None, :]).mean() + 0.5 * (theirs[:, None] == ours[None, :]).mean()
    return f"{above:.2f} / {(theirs > limits[signal]).mean():.2f}"


def _shipped(known: Sequence[Seen], clean: dict[Kept, list[Seen]]) -> str:
    """At the limits that are shipped: shares of pictures with a finding, and of those whose telephone the atlas does not know."""
    rows = [("honest", *(_found(clean[kept]) for kept in EDITED))]
    rows += [(attack.value, *(_found(_attacked(known, attack, kept)) for kept in EDITED)) for attack in FORGERIES]
    return markdown(("a finding at the shipped limits / telephone unknown", *(NAMES[kept] for kept in EDITED)), rows)


def _found(seen: Sequence[Seen]) -> str:
    unknown = sum(each.atlas != "compared" for each in seen)
    return f"{_rate(sum(bool(each.findings) for each in seen), len(seen))} / {_rate(unknown, len(seen))}"
