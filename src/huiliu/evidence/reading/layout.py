"""Layouts: what an app's page is called, which labels stand on it, and in which form each value is printed. Data only.

A file names forms and places by words of this module; it holds no patterns and no code, so that a stranger's layout can
be slow or wrong but never dangerous. docs/guides/evidence-layouts.md explains every key.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, TypeAlias

import msgspec

from huiliu.evidence.inspection.model import FieldName, StatusCode
from huiliu.evidence.reading.forms import TEXT_MAX, Form, Limits, squeezed
from huiliu.evidence.slots import SlotCode
from huiliu.kit.errors import Refusal

LAYOUT_BYTES_MAX = 64 * 1024
LAYOUTS_MAX = 200
BUILT_IN_FIELDS = (FieldName.CLOCK, FieldName.TITLE, FieldName.CODE)
UNKNOWN_PAGE = "unknown"

Word: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=24)]
Words: TypeAlias = Annotated[tuple[Word, ...], msgspec.Meta(max_length=80)]
Length: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=TEXT_MAX)]


class BadLayout(Refusal):
    """A layout file cannot be used. facts: file, detail."""

    code = "evidence_reading.bad_layout"
    status = 422


class Place(StrEnum):
    """Where a value stands."""

    RIGHT = "right"
    """In the row of its label, to the right of it."""
    BELOW = "below"
    """Under its label, in the label's column."""
    INLINE = "inline"
    """In the label's own line, right after it."""
    BEFORE = "before"
    """In the label's own line, before it: 2026-12-31到期."""
    BIG = "big"
    """No label: the tallest text in the upper part of the page."""
    WORD = "word"
    """No label: a line in the upper part of the page that is a state of this app and nothing else."""
    CARD = "card"
    """No label: the upper one of the lines that stand beside a small picture, above all labels."""
    UNDER_BIG = "under_big"
    """No label: the line right under the tallest amount and flush with it."""


UNLABELLED = frozenset({Place.BIG, Place.WORD, Place.CARD, Place.UNDER_BIG})


class FieldLayout(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one field is found and in which form it is printed."""

    form: Form
    labels: Words = ()
    weaker_labels: Words = ()
    """Looked at only when none of `labels` is on the page; the value must then be read alike by both engines."""
    places: Annotated[tuple[Place, ...], msgspec.Meta(min_length=1, max_length=6)] = (Place.RIGHT, Place.INLINE)
    lines: Annotated[int, msgspec.Meta(ge=1, le=4)] = 1
    """On how many lines a long value may go on."""
    lengths: Annotated[tuple[Length, ...], msgspec.Meta(max_length=12)] = ()
    length_min: Length = 1
    length_max: Length = TEXT_MAX
    seconds: bool = False
    decimals: bool = True

    @property
    def limits(self) -> Limits:
        """What the form is told."""
        return Limits(
            lengths=self.lengths,
            length_min=self.length_min,
            length_max=self.length_max,
            seconds=self.seconds,
            decimals=self.decimals,
        )

    @property
    def has_open_length(self) -> bool:
        """A number whose length says nothing: a dropped digit would leave another one of the same form."""
        return self.form in (Form.AMOUNT, Form.ACCOUNT) or (self.form is Form.CODE and not self.lengths)


class Layout(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of page of one app."""

    page: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
    titles: Words = ()
    anchors: Words = ()
    """Labels and words that together tell this page from others."""
    anchors_min: Annotated[int, msgspec.Meta(ge=1, le=10)] = 2
    """How many of them must be there, when the title is or is not."""
    slots: tuple[SlotCode, ...] = ()
    """The evidence slots that this page may fill."""
    fields: Annotated[dict[FieldName, FieldLayout], msgspec.Meta(min_length=1)]
    required: tuple[FieldName, ...] = ()
    other_labels: Words = ()
    """Labels of things that are not read, so that none of them is taken for one that is."""
    status: dict[StatusCode, Words] = {}
    """This app's words for states; they come before the common ones."""

    @property
    def states(self) -> Mapping[str, str]:
        """Word -> status code, this app's over the common ones."""
        own = {squeezed(word): code.value for code, words in self.status.items() for word in words}
        return {**common_states(), **own}


Layouts: TypeAlias = Mapping[str, Layout]


def parse_layout(text: str, *, file: str) -> Layout:
    """Read one layout file. Raises BadLayout, saying where and why."""
    if len(text.encode()) > LAYOUT_BYTES_MAX:
        raise BadLayout(file=file, detail=f"> {LAYOUT_BYTES_MAX} bytes")
    try:
        layout = msgspec.convert(tomllib.loads(text), Layout)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, RecursionError) as error:
        raise BadLayout(file=file, detail=str(error)[:300]) from None
    for problem in _problems(layout):
        raise BadLayout(file=file, detail=problem)
    return layout


def load_layouts(folder: Path | None = None) -> Layouts:
    """The built-in layouts, and those of a folder over them: a new app's page is a file. Raises BadLayout."""
    texts = dict(_built_in())
    if folder is not None:
        paths = sorted(folder.glob("*.toml"))
        if len(paths) > LAYOUTS_MAX:
            raise BadLayout(file=folder.name, detail=f"> {LAYOUTS_MAX} files")
        for path in paths:
            if path.stat().st_size > LAYOUT_BYTES_MAX:
                raise BadLayout(file=path.name, detail=f"> {LAYOUT_BYTES_MAX} bytes")
            texts[path.name] = _text(path)
    found: dict[str, Layout] = {}
    for file, text in texts.items():
        layout = parse_layout(text, file=file)
        if layout.page in found:
            raise BadLayout(file=file, detail=f"page: {layout.page} twice")
        found[layout.page] = layout
    return MappingProxyType(found)


def pages_for_slot(slot: SlotCode, layouts: Layouts) -> tuple[str, ...]:
    """Which kinds of page may fill this evidence slot."""
    return tuple(page for page, layout in layouts.items() if slot in layout.slots)


@cache
def common_states() -> Mapping[str, str]:
    """Word -> status code, for the words that mean the same in every app."""
    text = files("huiliu.evidence.reading").joinpath("states.toml").read_text("utf-8")
    table = msgspec.convert(tomllib.loads(text), dict[StatusCode, Words])
    return MappingProxyType({squeezed(word): code.value for code, words in table.items() for word in words})


def _built_in() -> Iterable[tuple[str, str]]:
    folder = files("huiliu.evidence.reading").joinpath("layouts")
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".toml"):
            yield entry.name, entry.read_text("utf-8")


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        raise BadLayout(file=path.name, detail="not UTF-8") from None


def _problems(layout: Layout) -> Iterable[str]:
    for name in BUILT_IN_FIELDS:
        if name in layout.fields:
            yield f"fields.{name}: read on every page without a layout's help"
    for name in layout.required:
        if name not in layout.fields:
            yield f"required: {name} has no [fields.{name}]"
    if not layout.anchors and not layout.titles:
        yield "titles, anchors: one of them is needed to know the page by"
    if len(layout.anchors) < layout.anchors_min and not layout.titles:
        yield f"anchors: fewer than anchors_min = {layout.anchors_min}"
    yield from _label_problems(layout)
    for name, field in layout.fields.items():
        yield from (f"fields.{name}.{problem}" for problem in _field_problems(field))
    states = [squeezed(word) for words in layout.status.values() for word in words]
    yield from (f"status: {word} stands for two states" for word in set(states) if states.count(word) > 1)


def _label_problems(layout: Layout) -> Iterable[str]:
    owner: dict[str, str] = {}
    for name, field in layout.fields.items():
        for label in (*field.labels, *field.weaker_labels):
            word = squeezed(label)
            if owner.setdefault(word, name) != name:
                yield f"fields.{name}.labels: {label} already belongs to {owner[word]}"
    for label in layout.other_labels:
        if squeezed(label) in owner:
            yield f"other_labels: {label} belongs to {owner[squeezed(label)]}"


def _field_problems(field: FieldLayout) -> Iterable[str]:
    has_labels = bool(field.labels or field.weaker_labels)
    if not has_labels and not UNLABELLED & set(field.places):
        yield "labels: needed, for no place without a label is named"
    if has_labels and not set(field.places) - UNLABELLED:
        yield "places: none of them has a label"
    if Place.WORD in field.places and field.form is not Form.STATUS:
        yield "places: word is for form = status"
    if {Place.CARD, Place.UNDER_BIG} & set(field.places) and field.form is not Form.TEXT:
        yield "places: card and under_big are for form = text"
    if Place.BIG in field.places and field.form is not Form.AMOUNT:
        yield "places: big is for form = amount"
    if field.form is Form.DIGITS and not field.lengths:
        yield "lengths: needed for form = digits, so that a dropped digit is noticed"
    if field.length_min > field.length_max:
        yield "length_min: above length_max"
