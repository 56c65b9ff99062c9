"""YAML as plain text with places: no booleans, dates or numbers are guessed, and hostile input is refused early.

PyYAML's events are read one by one into our own nodes, so depth, size and aliases are bounded before anything recurses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias, final

import msgspec
import yaml

from huiliu.policy.model import PolicyError, Problem

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # a platform without the C library: slower, the same events
    from yaml import SafeLoader as _Loader

SOURCE_CHARS_MAX = 256 * 1024
DEPTH_MAX = 12
NODES_MAX = 20_000
SCALAR_CHARS_MAX = 500
PROBLEMS_MAX = 50

_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
"""What is not text, and what makes a line read otherwise than it is stored (the overrides of direction)."""


class Place(msgspec.Struct, frozen=True):
    """Line and column, both from 1."""

    line: int
    column: int


class Scalar(msgspec.Struct, frozen=True):
    """A written value, exactly as written."""

    text: str
    place: Place


class Sequence(msgspec.Struct, frozen=True):
    """A list."""

    items: tuple[Node, ...]
    place: Place


class Mapping(msgspec.Struct, frozen=True):
    """Keys and values in file order; duplicates are still there for the reader to report."""

    entries: tuple[tuple[Scalar, Node], ...]
    place: Place


Node: TypeAlias = "Scalar | Sequence | Mapping"


@final
class Report:
    """Collects what is wrong, so that one run tells everything, up to PROBLEMS_MAX."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(self, place: Place, code: str, **facts: str | int) -> None:
        """Note one problem."""
        if not self.is_full:
            self.problems.append(Problem(place.line, place.column, code, facts))

    @property
    def is_full(self) -> bool:
        """Whether more would not be told anyway, so that looking for more is wasted on a hostile file."""
        return len(self.problems) >= PROBLEMS_MAX

    def error(self) -> PolicyError:
        """Everything noted, in file order."""
        return PolicyError(tuple(sorted(self.problems, key=lambda problem: (problem.line, problem.column))))


def read_document(source: str | bytes) -> Node:
    """The one document of a policy file as nodes with places. Raises PolicyError with the first thing in the way."""
    text = _text(source)
    if len(text) > SOURCE_CHARS_MAX:
        raise _refused(Place(1, 1), "too_large", limit=SOURCE_CHARS_MAX)
    forbidden = _FORBIDDEN.search(text)
    if forbidden is not None:
        raise _refused(_place_of(text, forbidden.start()), "control_character")
    try:
        return _build(yaml.parse(text, Loader=_Loader))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] PyYAML's stubs leave it untyped
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(1, 1) if mark is None else Place(mark.line + 1, mark.column + 1)
        raise _refused(place, _syntax_code(text, place), detail=(error.problem or "")[:120]) from error
    except yaml.YAMLError as error:
        raise _refused(Place(1, 1), "syntax", detail="") from error


def _text(source: str | bytes) -> str:
    if isinstance(source, str):
        return source.removeprefix("\ufeff")
    if len(source) > SOURCE_CHARS_MAX * 4:
        raise _refused(Place(1, 1), "too_large", limit=SOURCE_CHARS_MAX)
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = source[: error.start].decode("utf-8", "replace")
        raise _refused(_place_of(before, len(before)), "not_utf8") from error


def _build(events: Iterator[yaml.Event]) -> Node:
    """Fold events into nodes without recursion; a frame is an open list or mapping and the children it has so far."""
    frames: list[tuple[bool, Place, list[Node]]] = []
    root: Node | None = None
    count = 0
    for event in events:
        place = Place(event.start_mark.line + 1, event.start_mark.column + 1)
        count += 1
        if count > NODES_MAX:
            raise _refused(place, "too_many_nodes", limit=NODES_MAX)
        node: Node
        if isinstance(event, yaml.AliasEvent):
            raise _refused(place, "alias")  # aliases are how small files become huge ones
        if isinstance(event, yaml.DocumentStartEvent) and root is not None:
            raise _refused(place, "second_document")
        if isinstance(event, yaml.NodeEvent):
            _refuse_decoration(event, place)
        if isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
            if len(frames) >= DEPTH_MAX:
                raise _refused(place, "too_deep", limit=DEPTH_MAX)
            frames.append((isinstance(event, yaml.MappingStartEvent), place, []))
            continue
        if isinstance(event, yaml.ScalarEvent):
            node = _scalar(event, place)
        elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            node = _closed(*frames.pop())
        else:
            continue
        if frames:
            frames[-1][2].append(node)
        else:
            root = node
    if root is None:
        raise _refused(Place(1, 1), "empty")
    return root


def _refuse_decoration(event: yaml.NodeEvent, place: Place) -> None:
    if event.anchor is not None:
        raise _refused(place, "alias")
    tag = getattr(event, "tag", None)
    if isinstance(tag, str) and tag != "!":
        raise _refused(place, "tag")


def _scalar(event: yaml.ScalarEvent, place: Place) -> Scalar:
    text = str(event.value)
    if len(text) > SCALAR_CHARS_MAX:
        raise _refused(place, "text_too_long", limit=SCALAR_CHARS_MAX)
    return Scalar(text.strip(), place)


def _closed(is_mapping: bool, place: Place, children: list[Node]) -> Node:
    if not is_mapping:
        return Sequence(tuple(children), place)
    entries: list[tuple[Scalar, Node]] = []
    for key, value in zip(children[::2], children[1::2], strict=True):
        if not isinstance(key, Scalar):
            raise _refused(key.place, "key_not_text")
        entries.append((key, value))
    return Mapping(tuple(entries), place)


def _refused(place: Place, code: str, **facts: str | int) -> PolicyError:
    report = Report()
    report.add(place, code, **facts)
    return report.error()


def _syntax_code(text: str, place: Place) -> str:
    lines = text.splitlines()
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    if line[place.column - 1 : place.column] == "\t" or line.startswith("\t"):
        return "tab"
    return "syntax"


def _place_of(text: str, index: int) -> Place:
    return Place(text.count("\n", 0, index) + 1, index - (text.rfind("\n", 0, index) + 1) + 1)
