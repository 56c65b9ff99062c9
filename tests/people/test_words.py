"""Every refusal, role, permission, scope and channel has words in both languages."""

from __future__ import annotations

import re

import pytest

from huiliu.kit.errors import Refusal, all_refusals
from huiliu.kit.text import Lang, refusal_words, words
from huiliu.people import errors
from huiliu.people.messages import Message, one_time_message
from huiliu.people.model import ChannelKind, Permission, Platform, PlatformSettings, Role, Scope
from huiliu.people.one_time import CodeToSend

OURS = sorted((kind for kind in all_refusals() if kind.__module__ == errors.__name__), key=lambda kind: kind.code)


@pytest.mark.parametrize("lang", Lang)
@pytest.mark.parametrize("kind", OURS)
def test_every_refusal_can_be_said(kind: type[Refusal], lang: Lang) -> None:
    what, then = refusal_words(lang, kind())
    assert what
    assert then


def test_all_our_refusals_carry_our_name() -> None:
    assert OURS
    assert all(kind.code.startswith("people.") for kind in OURS)


def test_every_word_about_a_refusal_is_about_one_that_exists() -> None:
    said = {match[1] for key in words(Lang.ZH) if (match := re.fullmatch(r"people\.errors\.(\w+)\.title", key))}
    assert said == {kind.code.removeprefix("people.") for kind in OURS}


def test_both_languages_say_the_same_things_with_the_same_facts() -> None:
    def ours(lang: Lang) -> dict[str, set[str]]:
        found = {key: text for key, text in words(lang).items() if key.startswith("people.")}
        return {key: set(re.findall(r"\{(\w+)\}", text)) for key, text in found.items()}

    assert ours(Lang.ZH) == ours(Lang.EN)


@pytest.mark.parametrize("lang", Lang)
def test_every_choice_has_a_name(lang: Lang) -> None:
    known = words(lang)
    for kind, group in ((Role, "role"), (Permission, "permission"), (Scope, "scope"), (ChannelKind, "channel")):
        assert {f"people.{group}.{one.value}" for one in kind} <= set(known)


@pytest.mark.parametrize("lang", Lang)
def test_the_code_message_names_platform_code_and_minutes_and_hides_from_logs(lang: Lang) -> None:
    shop = Platform(id=1, slug="kamen", name="卡门", name_en="Kamen", settings=PlatformSettings())
    to_send = CodeToSend("13812345678", "004217")
    message = one_time_message(lang, shop, to_send)
    assert message.to == "13812345678"
    assert "004217" in message.text
    assert "10" in message.text
    assert (shop.name if lang is Lang.ZH else shop.name_en) in message.subject
    assert "004217" not in message.subject, "subjects are shown on locked screens"
    for secretive in (repr(message), repr(to_send), str(Message("a@b.cn", "s", "004217"))):
        assert "004217" not in secretive
        assert "138" not in secretive
