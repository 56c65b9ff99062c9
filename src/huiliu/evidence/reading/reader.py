"""Reading one picture: tiny models first, the small ones where a required field is missing or in doubt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

import cv2
import msgspec
import numpy as np

from huiliu.evidence.inspection.model import Box, FieldName, FieldRead, Line
from huiliu.evidence.inspection.picture import Bytes, Picture
from huiliu.evidence.reading.engine import Engine, Floats
from huiliu.evidence.reading.extract import Extracted, extract
from huiliu.evidence.reading.forms import squeezed
from huiliu.evidence.reading.layout import UNKNOWN_PAGE, Layouts, load_layouts, pages_for_slot
from huiliu.evidence.reading.private import private_document
from huiliu.evidence.reading.turns import TURNS, field_back, line_back, turned
from huiliu.evidence.reading.weights import Size
from huiliu.evidence.slots import SlotCode

SENSE_MIN = 0.8
"""Share of sure text from which a picture is taken to stand upright, and to be worth no second look."""
SAMPLE = 8
"""Lines that are read to find out which way up a picture is."""
SAMPLE_SHAPE_MIN = 1.5
UPRIGHT_MARGIN = 0.05
"""How much better a turn must read than the picture as it is."""
WHOLE_LINES_MAX = 80
"""A longer page, such as a list or a talk, is not read wholly a second time: only its doubtful values are."""
SECOND_LOOK_LINES_MIN = 3
"""A page that no layout fits is read again only when there is something to read."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a picture says. All coordinates are those of the picture that was given, whichever way up it was."""

    lines: tuple[Line, ...]
    page: str
    fields: tuple[FieldRead, ...]
    missing: tuple[FieldName, ...]
    engine: str
    """tiny, or small when the second step was needed."""
    turn: int = 0
    """Degrees clockwise by which the picture had to be turned to be read."""
    private: str | None = None
    """id_card, bank_card, passport ...: a paper that must not be kept."""

    def field(self, name: FieldName) -> FieldRead | None:
        """The field of this name, if it was read."""
        return next((found for found in self.fields if found.name is name), None)


class Reader:
    """Both engines and the layouts; make one a process and keep it."""

    def __init__(self, tiny: Engine, small: Engine, layouts: Layouts) -> None:
        self.layouts = layouts
        self._tiny = tiny
        self._small = small

    @classmethod
    def load(cls, *, threads: int = 2, layouts: Path | None = None) -> Reader:
        """Load the models from their wheels; `layouts` is a folder of more layout files. Raises BadLayout."""
        cv2.setNumThreads(threads)
        known = load_layouts(layouts)
        return cls(Engine(Size.TINY, threads=threads), Engine(Size.SMALL, threads=threads), known)

    def read(self, picture: Picture) -> Reading:
        """Lines, page and fields of a picture."""
        height, width = picture.rgb.shape[:2]
        look = self._first_look(picture.rgb)
        lines, found, engine = look.lines, look.found, Size.TINY
        if _wants_second_look(found, lines):
            lines, found = self._second_look(look)
            engine = Size.SMALL
        elif found.to_confirm:
            found = self._confirmed(look)
        return Reading(
            lines=tuple(line_back(line, look.turn, width=width, height=height) for line in lines),
            page=found.page,
            fields=tuple(field_back(field, look.turn, width=width, height=height) for field in found.fields),
            missing=found.missing,
            engine=engine.value,
            turn=look.turn,
            private=private_document(lines) if found.page == UNKNOWN_PAGE else None,
        )

    def required_fields(self, page: str) -> tuple[FieldName, ...]:
        """What a complete page of this kind shows."""
        return self.layouts[page].required if page in self.layouts else ()

    def pages_for_slot(self, slot: SlotCode) -> tuple[str, ...]:
        """Which kinds of page may fill this evidence slot."""
        return pages_for_slot(slot, self.layouts)

    def _first_look(self, rgb: Bytes) -> _Look:
        """What the tiny models read, with the picture turned as it makes most sense."""
        quads = self._tiny.find(rgb)
        lying = _is_lying(quads)
        look = _Look(rgb=rgb) if lying else self._look(rgb, quads)
        if not len(quads) or (not lying and (look.found.page != UNKNOWN_PAGE or look.sense >= SENSE_MIN)):
            return look
        best, chosen = look.sense + UPRIGHT_MARGIN, 0
        for turn in TURNS[1::2] if lying else TURNS[2:3]:
            sense = self._sample(turned(rgb, turn))
            if sense > best:
                best, chosen = sense, turn
        if chosen == 0:
            return self._look(rgb, quads) if lying else look
        upright = turned(rgb, chosen)
        return self._look(upright, self._tiny.find(upright), turn=chosen)

    def _look(self, rgb: Bytes, quads: Floats, *, turn: int = 0) -> _Look:
        lines = self._tiny.recognise(rgb, quads)
        sense = _sense(lines, quads)
        return _Look(rgb=rgb, quads=quads, lines=lines, found=extract(lines, self.layouts), sense=sense, turn=turn)

    def _sample(self, rgb: Bytes) -> float:
        """How much sense the widest regions make."""
        quads = self._tiny.find(rgb)
        sizes = _sizes(quads)
        wide = quads[np.argsort(-sizes[:, 0] * (sizes[:, 0] > SAMPLE_SHAPE_MIN * sizes[:, 1]), kind="stable")[:SAMPLE]]
        return _sense(self._tiny.recognise(rgb, wide), wide)

    def _second_look(self, look: _Look) -> tuple[tuple[Line, ...], Extracted]:
        """The small models on what is not settled yet; on the whole picture only if that does not help."""
        if look.found.page != UNKNOWN_PAGE:
            lines = self._reread(look, _unsettled(look) | _confirmable(look))
            found = agreed(look.found, extract(lines, self.layouts))
            if not found.missing or len(look.lines) > WHOLE_LINES_MAX:
                return lines, found
        lines = self._small.scan(look.rgb)
        return lines, agreed(look.found, extract(lines, self.layouts))

    def _confirmed(self, look: _Look) -> Extracted:
        """Amounts and numbers of open length are told by both engines alike, or they are missing."""
        lines = self._reread(look, _confirmable(look))
        return agreed(look.found, extract(lines, self.layouts))

    def _reread(self, look: _Look, chosen: frozenset[Line]) -> tuple[Line, ...]:
        """All lines, the chosen ones as the small models read them."""
        again = self._small.recognise(look.rgb, _quads_of(chosen))
        return (*(line for line in look.lines if line not in chosen), *again)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    rgb: Bytes
    quads: Floats = field(default_factory=lambda: np.zeros((0, 4, 2), np.float32))
    lines: tuple[Line, ...] = ()
    found: Extracted = field(default_factory=lambda: extract((), {}))
    sense: float = 0.0
    turn: int = 0


def agreed(first: Extracted, second: Extracted) -> Extracted:
    """Two engines' readings of one picture: what either is sure of and the other does not deny, or both say alike."""
    if first.page != second.page:
        kept = second if first.page == UNKNOWN_PAGE else first
        if UNKNOWN_PAGE not in (first.page, second.page):
            kept = second
        return _without_doubtful(kept)
    fields: list[FieldRead] = []
    for name in FieldName:
        field = _agreed_field(name, first, second)
        if field is not None:
            fields.append(field)
    return _with_fields(second, fields)


def _agreed_field(name: FieldName, first: Extracted, second: Extracted) -> FieldRead | None:
    one, other = first.field(name), second.field(name)
    if one is not None and other is not None:
        if squeezed(one.value) == squeezed(other.value):
            return one if one.score >= other.score else other
        sure = [field for field, whole in ((one, first), (other, second)) if name not in whole.doubtful]
        return sure[0] if len(sure) == 1 else None
    single, whole = (one, first) if one is not None else (other, second)
    return None if single is None or name in whole.doubtful else single


def _without_doubtful(found: Extracted) -> Extracted:
    return _with_fields(found, [field for field in found.fields if field.name not in found.doubtful])


def _with_fields(found: Extracted, fields: Sequence[FieldRead]) -> Extracted:
    return msgspec.structs.replace(found, fields=tuple(fields), doubtful=frozenset[FieldName]())


def _unsettled(look: _Look) -> frozenset[Line]:
    """Lines worth a second opinion: those of doubtful values; or, when a value is nowhere, all that are not yet understood."""
    found = look.found
    doubtful = [field.box for field in found.fields if field.name in found.doubtful]
    is_short = len(look.lines) <= WHOLE_LINES_MAX
    if is_short and (found.is_weak or set(found.missing) - set(found.refused)):
        sure = [field.box for field in found.fields if field.name not in found.doubtful]
        return frozenset(
            line
            for line in look.lines
            if line not in found.plain_labels and not any(_inside(line.box, box) for box in sure)
        )
    wanted = [*doubtful, *found.refused.values()]
    return frozenset(line for line in look.lines if any(_inside(line.box, box) for box in wanted))


def _confirmable(look: _Look) -> frozenset[Line]:
    boxes = [field.box for field in look.found.fields if field.name in look.found.to_confirm]
    return frozenset(line for line in look.lines if any(_inside(line.box, box) for box in boxes))


def _inside(inner: Box, outer: Box) -> bool:
    x, y = inner.x + inner.width / 2, inner.y + inner.height / 2
    in_x = outer.x <= x <= outer.x + outer.width or inner.x <= outer.x + outer.width / 2 <= inner.x + inner.width
    return in_x and outer.y <= y <= outer.y + outer.height


def _quads_of(lines: Iterable[Line]) -> Floats:
    return np.array([line.quad for line in lines], np.float32).reshape(-1, 4, 2)


def _wants_second_look(first: Extracted, lines: Sequence[Line]) -> bool:
    if first.page == UNKNOWN_PAGE:
        return (
            SECOND_LOOK_LINES_MIN <= len(lines) <= WHOLE_LINES_MAX and fmean(line.score for line in lines) < SENSE_MIN
        )
    return bool(first.missing or first.doubtful or first.refused)


def _sense(lines: Sequence[Line], quads: Floats) -> float:
    """The share of found text that reads as sure characters: upside down it reads as rare ones, or as none."""
    whole = float(_sizes(quads)[:, 0].sum())
    read = sum(line.score * float(np.hypot(line.quad[2] - line.quad[0], line.quad[3] - line.quad[1])) for line in lines)
    return read / whole if whole else 0.0


def _is_lying(quads: Floats) -> bool:
    """Whether most text runs from top to bottom: a photo taken sideways."""
    sizes = _sizes(quads)
    tall = sizes[:, 1] > SAMPLE_SHAPE_MIN * sizes[:, 0]
    wide = sizes[:, 0] > SAMPLE_SHAPE_MIN * sizes[:, 1]
    area = sizes[:, 0] * sizes[:, 1]
    return bool(area[tall].sum() > area[wide].sum())


def _sizes(quads: Floats) -> Floats:
    """Width and height of each region."""
    wide = np.hypot(*(quads[:, 1] - quads[:, 0]).T)
    tall = np.hypot(*(quads[:, 3] - quads[:, 0]).T)
    return np.column_stack([wide, tall]).astype(np.float32)
