"""Typed fields out of nodes: each returns a value or notes a problem with its place and returns a harmless stand-in."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import TypeVar

import msgspec

from huiliu.policy.document import Mapping, Node, Place, Report, Scalar, Sequence
from huiliu.policy.words import KEYS, canonical

T = TypeVar("T")
Code = TypeVar("Code", bound=str)

WORD_SHOWN_MAX = 40


class Field(msgspec.Struct, frozen=True):
    """A key's place and its value."""

    place: Place
    node: Node


class Section(msgspec.Struct, frozen=True):
    """One mapping of the file whose keys were checked; asked for by the Chinese key."""

    place: Place
    fields: dict[str, Field]

    def get(self, key: str) -> Node | None:
        """The value of a key, or None."""
        field = self.fields.get(key)
        return None if field is None else field.node


def read_section(report: Report, node: Node, kind: str, *, required: tuple[str, ...] = ()) -> Section:
    """The known keys of a mapping; unknown, repeated and absent ones are noted."""
    if not isinstance(node, Mapping):
        code = "full_width_colon" if isinstance(node, Scalar) and "：" in node.text else "not_mapping"
        report.add(node.place, code)
        return Section(node.place, {})
    fields: dict[str, Field] = {}
    for key, value in node.entries:
        if report.is_full:
            break
        known = canonical(KEYS[kind], key.text)
        if known is None:
            report.add(key.place, "unknown_key", word=key.text[:WORD_SHOWN_MAX], hint=_hint(key.text, kind))
        elif known in fields:
            report.add(key.place, "duplicate_key", word=key.text[:WORD_SHOWN_MAX])
        else:
            fields[known] = Field(key.place, value)
    for key in required:
        if key not in fields:
            report.add(node.place, "key_absent", word=key)
    return Section(node.place, fields)


def read_text(report: Report, node: Node | None, *, chars_max: int) -> str:
    """A short, non-empty line of text; '' when absent or wrong."""
    if node is None:
        return ""
    if not isinstance(node, Scalar):
        report.add(node.place, "not_text")
        return ""
    if not _is_visible(node.text) or len(node.text) > chars_max or "\n" in node.text:
        report.add(node.place, "text_length", limit=chars_max)
        return ""
    return node.text


def _is_visible(text: str) -> bool:
    """Whether there is anything to see: a name of zero-width characters would be a blank line to its reader."""
    return any(letter.isprintable() and not letter.isspace() for letter in text)


def read_word(report: Report, node: Node | None, table: dict[str, Code], default: Code) -> Code:
    """One of a closed set of words, in either language."""
    if node is None:
        return default
    if isinstance(node, Scalar):
        word = canonical(table, node.text)
        if word is not None:
            return table[word]
        report.add(
            node.place,
            "unknown_word",
            word=node.text[:WORD_SHOWN_MAX],
            choices="、".join(table) + " / " + ", ".join(table.values()),
        )
    else:
        report.add(node.place, "one_value")
    return default


def read_items(report: Report, node: Node | None, *, items_max: int) -> tuple[Node, ...]:
    """A list's items; a single written value counts as a list of one."""
    if node is None:
        return ()
    if isinstance(node, Mapping):
        report.add(node.place, "not_list")
        return ()
    items = node.items if isinstance(node, Sequence) else (node,)
    if len(items) > items_max:
        report.add(node.place, "too_many", limit=items_max)
        return ()
    return items


def read_number(report: Report, node: Node | None, parse: Callable[[str], T], *, code: str, default: T) -> T:
    """A quantity by `parse`, which raises ValueError."""
    if node is None:
        return default
    if isinstance(node, Scalar):
        try:
            return parse(node.text)
        except ValueError:
            report.add(node.place, code, word=node.text[:WORD_SHOWN_MAX])
    else:
        report.add(node.place, "one_value")
    return default


def _hint(word: str, kind: str) -> str:
    choices = [*KEYS[kind], *KEYS[kind].values()]
    close = difflib.get_close_matches(word[:WORD_SHOWN_MAX], choices, n=1, cutoff=0.5)
    return close[0] if close else "、".join(KEYS[kind])
