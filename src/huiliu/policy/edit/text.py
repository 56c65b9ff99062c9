"""Where every part of a policy file stands in its text, and changing one part without touching a letter of the rest.

The text itself is cut and pasted. A file that is read into a tree and written out again comes back with other spacing,
other columns and other line breaks wherever its writer had a style of their own; here what is not edited cannot change.
Only for text that `document.read_document` accepted: depth, size, anchors and tags are bounded there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec
import yaml

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # a platform without the C library: slower, the same nodes
    from yaml import SafeLoader as _Loader

_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_COMMENT = re.compile("#[^\n\r\x85\u2028\u2029]*")
_PLAIN = re.compile(r"[^\s\-?:,\[\]{}#&*!|>'\"%@`=~<][^,\[\]{}\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff\ud800-\udfff]*")
_LOOKS_OTHER = re.compile(r"[-+.]?\d[\d_.,:eE+-]*|(?:yes|no|true|false|on|off|null|y|n)", re.IGNORECASE)
"""What another reader of YAML would take for a number or a yes: a text like that is quoted, so that it stays a text."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A node and where it stands: text[start:end] is exactly it. A list has `items`, a mapping `entries`."""

    start: int
    end: int
    text: str = ""
    """A written value, read."""
    quote: str = ""
    is_flow: bool = False
    is_list: bool = False
    is_map: bool = False
    items: tuple[Part, ...] = ()
    entries: tuple[tuple[Part, Part], ...] = ()

    def value(self, key: str) -> Part | None:
        """The value behind a key as it is written."""
        return next((value for name, value in self.entries if name.text == key), None)


class Edited(msgspec.Struct, frozen=True):
    """A text after a change, and the comments that stood inside what was replaced, for their writer not to lose them."""

    text: str
    comments: tuple[str, ...] = ()


def read_parts(text: str) -> Part:
    """The parts of a text that was read before."""
    node: object = yaml.compose(text, Loader=_Loader)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] PyYAML's stubs leave it untyped
    assert isinstance(node, yaml.Node), "an empty text was refused before"
    return _part(node, text)


def put(text: str, where: Part, key: str, value: str, *, after: Iterable[str] = ()) -> Edited:
    """Give a key of a mapping a value. A new key goes behind the last of `after` that is there, else to the end."""
    old = where.value(key)
    if old is None:
        return Edited(_inserted(text, where, key, value, frozenset(after)))
    comments = comments_in(text, old)
    space = " " if text[old.start - 1 : old.start] == ":" and not value.startswith("\n") else ""
    start = old.start
    if not old.is_flow and (old.is_list or old.is_map):
        # A block stands on lines of its own; what replaces it stands behind the colon.
        name = next(name for name, value in where.entries if value is old)
        start, space = _behind_colon(text, name), "" if value.startswith("\n") else " "
    return Edited(text[:start] + space + value + text[old.end :], comments)


def drop(text: str, where: Part, key: str) -> Edited:
    """Take a key out of a mapping with its value; its comments are handed back."""
    at = next(i for i, (name, _) in enumerate(where.entries) if name.text == key)
    name, value = where.entries[at]
    if where.is_flow:
        spans = [(key.start, found.end) for key, found in where.entries]
        return _cut_flow(text, spans, at, where.entries[at])
    start, end = _line_start(text, name.start), _after_line(text, value.end)
    if text[start : name.start].strip() or at == 0:  # the dash of the list stands before it
        assert at + 1 < len(where.entries), "a clause has more than one key"
        start, end = name.start, where.entries[at + 1][0].start
    removed = text[start:end]
    return Edited(text[:start] + text[end:], _comments(removed, _leaves((name, value)), start))


def change_items(text: str, where: Part, keep: frozenset[int], add: tuple[str, ...]) -> Edited:
    """Keep these items of a list, by index, and add these behind them; what stays is not rewritten."""
    assert keep or add, "an empty list is dropped with its key"
    if where.is_flow:
        kept = [text[item.start : item.end] for i, item in enumerate(where.items) if i in keep]
        written = "[" + ", ".join((*kept, *add)) + "]"
        if len(keep) == len(where.items) and where.items:
            end = where.items[-1].end
            return Edited(text[:end] + "".join(f", {item}" for item in add) + text[end:])
        return Edited(text[: where.start] + written + text[where.end :], comments_in(text, where))
    dash = _column(text, where.start)
    end = where.items[-1].end
    found = text[end : _line_end(text, end)]
    lines = "".join(f"{_eol(text)}{' ' * dash}- {item}" for item in add)
    text = text[:end] + found + lines + text[end + len(found) :]
    comments: list[str] = []
    for i in range(len(where.items) - 1, -1, -1):
        if i not in keep:
            item = where.items[i]
            start, stop = _line_start(text, item.start), _after_line(text, item.end)
            if text[start : item.start].strip() != "-":
                start, stop = item.start, item.end
            comments += reversed(_comments(text[start:stop], _leaves((item,)), start))
            text = text[:start] + text[stop:]
    return Edited(text, tuple(reversed(comments)))


def cut_item(text: str, where: Part, at: int) -> str:
    """A list without one of its items; comments above it stay, those within it go with it."""
    item = where.items[at]
    if where.is_flow:
        return _cut_flow(text, [(it.start, it.end) for it in where.items], at, (item,)).text
    start = _dash(text, where, at)
    return text[: _line_start(text, start)] + text[_after_line(text, item.end) :]


def insert_item(text: str, where: Part, at: int, written: str) -> str:
    """A list with a new item at an index, not the first: `written` for a block has its lines indented by `item_column`."""
    before = where.items[at - 1]
    if where.is_flow:
        return text[: before.end] + f", {written}" + text[before.end :]
    end = _line_end(text, before.end)
    dash = _column(text, where.start)
    return (
        text[:end] + _eol(text) + " " * dash + "-" + " " * (item_column(text, where) - dash - 1) + written + text[end:]
    )


def swap_items(text: str, where: Part, at: int) -> str:
    """Two neighbours of a list change places, `at` and the next; comment lines above each go with it."""
    first, second = where.items[at], where.items[at + 1]
    if where.is_flow:
        one, two = text[first.start : first.end], text[second.start : second.end]
        return text[: first.start] + two + text[first.end : second.start] + one + text[second.end :]
    begin = 0 if at == 0 else _after_line(text, where.items[at - 1].end)
    if at == 0:
        begin = _comment_lines_above(text, _line_start(text, where.start))
    middle, end = _after_line(text, first.end), _after_line(text, second.end)
    one, two = text[begin:middle], text[middle:end]
    if not two.endswith(("\n", "\r")):
        two, one = two + _eol(text), one.rstrip("\r\n\x85\u2028\u2029")
    return text[:begin] + two + one + text[end:]


def item_text(text: str, where: Part, at: int) -> str:
    """One item of a list as it is written, its last line's comment included, indented as in the file: it reads by itself."""
    item = where.items[at]
    end = item.end if where.is_flow else _line_end(text, item.end)
    return " " * (0 if where.is_flow else _column(text, item.start)) + text[item.start : end]


def replace_item(text: str, where: Part, at: int, edited: Edited) -> str:
    """The list with one item replaced by what `item_text` gave and was edited; rescued comments go above it."""
    item = where.items[at]
    end = item.end if where.is_flow else _line_end(text, item.end)
    text = text[: item.start] + edited.text.lstrip(" ") + text[end:]
    return above(text, where.start if where.is_flow else _dash(text, where, at), edited.comments)


def above(text: str, at: int, comments: tuple[str, ...]) -> str:
    """Comments as lines of their own above the line of a place; above everything when the file is one flow mapping."""
    if not comments:
        return text
    start = 0 if text.lstrip().startswith("{") else _line_start(text, at)
    indent = text[start:at][: len(text[start:at]) - len(text[start:at].lstrip(" "))]
    return text[:start] + "".join(f"{indent}{comment}{_eol(text)}" for comment in comments) + text[start:]


def item_column(text: str, where: Part) -> int:
    """The column in which the items of a block list begin."""
    return _column(text, where.items[0].start)


def comments_in(text: str, part: Part) -> tuple[str, ...]:
    """The comments between the words of a part."""
    return _comments(text[part.start : part.end], _leaves((part,)), part.start)


def all_comments(text: str) -> tuple[str, ...]:
    """Every comment of a text, in order."""
    return _comments(text, _leaves((read_parts(text),)), 0)


def scalar(words: str, quote: str = "") -> str:
    """A text as YAML: in the quotes it had, else plain where that says the same, else in double quotes."""
    if quote == "'" and not _BREAK.search(words):
        return "'" + words.replace("'", "''") + "'"
    is_plain = _PLAIN.fullmatch(words) and words == words.strip() and ": " not in words and " #" not in words
    if is_plain and quote != '"' and not words.endswith(":") and not _LOOKS_OTHER.fullmatch(words):
        return words
    escaped = words.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(each if each.isprintable() else f"\\U{ord(each):08x}" for each in escaped) + '"'


def _part(node: yaml.Node, text: str) -> Part:
    start, end = node.start_mark.index, node.end_mark.index
    if isinstance(node, yaml.ScalarNode):
        end = start + len(text[start:end].rstrip())  # a block scalar's end is where the next thing begins
        return Part(start=start, end=end, text=str(node.value).strip(), quote=node.style or "")
    assert isinstance(node, yaml.CollectionNode)
    is_flow = bool(node.flow_style)
    if isinstance(node, yaml.MappingNode):
        entries = tuple((_part(key, text), _part(value, text)) for key, value in node.value)
        end = end if is_flow or not entries else entries[-1][1].end
        return Part(start=start, end=end, is_flow=is_flow, is_map=True, entries=entries)
    assert isinstance(node, yaml.SequenceNode)
    items = tuple(_part(item, text) for item in node.value)
    end = end if is_flow or not items else items[-1].end
    return Part(start=start, end=end, is_flow=is_flow, is_list=True, items=items)


def _inserted(text: str, where: Part, key: str, value: str, after: frozenset[str]) -> str:
    behind = [i for i, (name, _) in enumerate(where.entries) if name.text in after]
    space = "" if value.startswith("\n") else " "
    if not where.entries:
        return text[: where.start + 1] + f"{key}:{space}{value}" + text[where.start + 1 :]
    end = where.entries[behind[-1] if behind else -1][1].end
    if where.is_flow:
        return text[:end] + f", {key}:{space}{value}" + text[end:]
    end = _line_end(text, end)
    indent = " " * _column(text, where.entries[0][0].start)
    return text[:end] + f"{_eol(text)}{indent}{key}:{space}{value}" + text[end:]


def _cut_flow(text: str, spans: list[tuple[int, int]], at: int, parts: Iterable[Part]) -> Edited:
    start, end = spans[at]
    if at + 1 < len(spans):
        end = spans[at + 1][0]
    elif at:
        start = spans[at - 1][1]
    return Edited(text[:start] + text[end:], _comments(text[start:end], _leaves(parts), start))


def _leaves(parts: Iterable[Part]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for part in parts:
        if part.is_list or part.is_map:
            found += _leaves(part.items)
            for pair in part.entries:
                found += _leaves(pair)
        else:
            found.append((part.start, part.end))
    return found


def _comments(text: str, leaves: list[tuple[int, int]], offset: int) -> tuple[str, ...]:
    found: list[str] = []
    at = 0
    for start, end in (*leaves, (offset + len(text), offset + len(text))):
        gap = text[at : start - offset]
        found += [comment.rstrip() for comment in _COMMENT.findall(gap)]
        at = max(at, end - offset)
    return tuple(found)


def _behind_colon(text: str, name: Part) -> int:
    return text.index(":", name.end) + 1


def _dash(text: str, where: Part, at: int) -> int:
    """The dash before an item of a block list; spaces, line breaks and comments can stand between them."""
    start = where.start if at == 0 else where.items[at - 1].end
    gap = _COMMENT.sub(lambda found: " " * len(found[0]), text[start : where.items[at].start])
    return start + gap.rindex("-")


def _comment_lines_above(text: str, start: int) -> int:
    """Where the comment lines begin that stand right above a line."""
    while start:
        line = _line_start(text, start - 1)
        if not text[line:start].lstrip(" ").startswith("#"):
            break
        start = line
    return start


def _column(text: str, at: int) -> int:
    return at - _line_start(text, at)


def _line_start(text: str, at: int) -> int:
    start = 0
    for found in _BREAK.finditer(text, max(0, text.rfind("\n", 0, at)), at):
        start = found.end()
    return start


def _line_end(text: str, at: int) -> int:
    found = _BREAK.search(text, at)
    return len(text) if found is None else found.start()


def _after_line(text: str, at: int) -> int:
    found = _BREAK.search(text, at)
    return len(text) if found is None else found.end()


def _eol(text: str) -> str:
    found = _BREAK.search(text)
    return "\n" if found is None else found[0]
