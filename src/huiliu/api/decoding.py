"""From bytes to typed input, strictly, and from the decoder's complaint to a field and words in both languages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar

import msgspec

from huiliu.api.errors import EmptyBody, FieldBad, MalformedJson, NotUtf8

Shape = TypeVar("Shape", bound=msgspec.Struct)
VALUE_SHOWN_MAX = 60
QUERY_PAIRS_MAX = 30

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""PostgreSQL's text cannot hold U+0000, and nothing here needs it."""
_AT = re.compile(r" - at `(?P<path>[^`]*)`$")
_BYTE = re.compile(r"\(byte (?P<byte>\d+)\)")
_COMPLAINTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("missing", re.compile(r"Object missing required field `(?P<name>[^`]*)`")),
    ("unknown", re.compile(r"Object contains unknown field `(?P<name>[^`]*)`")),
    ("type", re.compile(r"Expected `(?P<wanted>[^`]*)`, got `(?P<given>[^`]*)`")),
    ("length", re.compile(r"Expected `(?:str|array|object|bytes)` of length (?P<bound>.*)")),
    ("range", re.compile(r"Expected `(?:int|float)` (?P<bound>[<>]=? .*)")),
    ("pattern", re.compile(r"Expected `str` matching regex .*")),
    ("choice", re.compile(r"Invalid enum value (?P<given>.*)")),
    ("time", re.compile(r"Invalid RFC3339 encoded datetime|Expected `datetime` .*")),
    ("uuid", re.compile(r"Invalid UUID.*")),
    ("range", re.compile(r"(?P<bound>(?:Number|Integer value) out of range)")),
)


def decode_body(raw: bytes, shape: type[Shape]) -> Shape:
    """A JSON body as `shape`. Raises EmptyBody, NotUtf8, MalformedJson, FieldBad."""
    if not raw.strip():
        raise EmptyBody
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotUtf8(byte=error.start) from None
    if (nul := _NUL.search(raw)) is not None:
        raise MalformedJson(byte=nul.end() - len(rb"\u0000"), detail="U+0000")
    try:
        return _decoder(shape).decode(raw)
    except msgspec.ValidationError as error:
        raise field_bad(str(error)) from None
    except msgspec.DecodeError as error:
        found = _BYTE.search(str(error))
        raise MalformedJson(byte=int(found["byte"]) if found else len(raw), detail=str(error)[:80]) from None
    except RecursionError:
        raise MalformedJson(byte=0, detail="nested too deeply") from None


def decode_query(pairs: Sequence[tuple[str, str]], shape: type[Shape]) -> Shape:
    """A query string as `shape`. Raises FieldBad: also for a name given twice, because which one is meant is unknown."""
    given: dict[str, str] = {}
    for name, value in pairs[:QUERY_PAIRS_MAX]:
        if not (name.isprintable() and value.isprintable()):
            raise FieldBad(field=_shown(name), problem="unprintable")
        if name in given:
            raise FieldBad(field=_shown(name), problem="twice")
        given[name] = value
    try:
        return msgspec.convert(given, shape, strict=False)
    except msgspec.ValidationError as error:
        raise field_bad(str(error)) from None


def field_bad(complaint: str) -> FieldBad:
    """msgspec's sentence as a refusal that names the field and has words in both languages."""
    at = _AT.search(complaint)
    path = at["path"].removeprefix("$").lstrip(".") if at else ""
    text = complaint[: at.start()] if at else complaint
    for problem, pattern in _COMPLAINTS:
        found = pattern.match(text)
        if found is None:
            continue
        details = {name: _shown(value) for name, value in found.groupdict().items()}
        name = details.pop("name", "")
        field = ".".join(part for part in (path, name) if part)
        return FieldBad(field=field or "$", problem=problem, **details)
    return FieldBad(field=path or "$", problem="other", given=_shown(text))


def _shown(text: str) -> str:
    plain = "".join(mark if mark.isprintable() else "?" for mark in text)
    return plain[:VALUE_SHOWN_MAX]


@cache
def _decoder(shape: type[Shape]) -> msgspec.json.Decoder[Any]:  # pyright: ignore[reportExplicitAny] - one cache, many shapes
    return msgspec.json.Decoder(shape)
