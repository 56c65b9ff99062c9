"""Words in both languages, kept in src/huiliu/locale/<lang>/<feature>.toml.

A key is '<feature>.<path in the file>', e.g. say(Lang.EN, "orders.state.delivered"). Placeholders are str.format's.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files

from huiliu.kit.errors import Fact, Refusal


class Lang(StrEnum):
    """The languages every word exists in."""

    ZH = "zh-CN"
    EN = "en"


def say(lang: Lang, key: str, **facts: object) -> str:
    """The words for `key`. Raises KeyError when a language lacks them: a missing word is a bug, and a test looks."""
    return words(lang)[key].format_map(facts) if facts else words(lang)[key]


def has_words(key: str) -> bool:
    """Whether `key` exists (in zh-CN; a test keeps the languages equal)."""
    return key in words(Lang.ZH)


def refusal_words(lang: Lang, refusal: Refusal) -> tuple[str, str]:
    """(what happened, what to do next): a code `orders.unpaid` finds its words under orders.errors.unpaid."""
    feature, _, what = refusal.code.rpartition(".")
    key = f"{feature}.errors.{what}" if feature else f"errors.{what}"
    facts: dict[str, Fact | str] = dict(refusal.facts)
    for name, value in refusal.facts.items():
        localized = f"errors.fact.{name}.{value}"
        if isinstance(value, str) and has_words(localized):
            facts[name] = words(lang)[localized]
    return (
        words(lang)[f"{key}.title"].format_map(_Forgiving(facts)),
        words(lang)[f"{key}.next"].format_map(_Forgiving(facts)),
    )


@cache
def words(lang: Lang) -> Mapping[str, str]:
    """Every key of one language, flattened."""
    flat: dict[str, str] = {}
    for entry in files("huiliu").joinpath("locale", lang.value).iterdir():
        if entry.name.endswith(".toml"):
            _flatten(entry.name.removesuffix(".toml"), tomllib.loads(entry.read_text("utf-8")), flat)
    return flat


def _flatten(prefix: str, node: Mapping[str, object], into: dict[str, str]) -> None:
    for name, value in node.items():
        if isinstance(value, Mapping):
            _flatten(f"{prefix}.{name}", value, into)  # pyright: ignore[reportUnknownArgumentType]
        else:
            assert isinstance(value, str), f"{prefix}.{name} is not text"
            into[f"{prefix}.{name}"] = value


class _Forgiving(dict[str, object]):
    """A refusal must always be sayable, even when it was raised without one of its facts."""

    def __missing__(self, key: str) -> str:
        return "…"
