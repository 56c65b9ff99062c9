"""What is sent to people outside the pages, and the protocol that whoever carries it implements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from huiliu.kit.text import Lang, say
from huiliu.people.model import Platform
from huiliu.people.one_time import CODE_LIFE, CodeToSend


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one contact; its text may hold a secret, so it is never logged."""

    to: str
    subject: str
    text: str

    def __repr__(self) -> str:
        return "Message(…)"


@dataclass(frozen=True, slots=True)
class Delivered:
    """Handed over. That it was read is more than anybody knows."""


@dataclass(frozen=True, slots=True)
class NotDelivered:
    """Not handed over; `is_retriable` when the same message may succeed later."""

    why: str
    is_retriable: bool


Delivery: TypeAlias = Delivered | NotDelivered


class Courier(Protocol):
    """Carries messages to the outside: never call it inside a transaction."""

    async def deliver(self, message: Message) -> Delivery:
        """Hand one message over, bounded in time."""
        ...


def one_time_message(lang: Lang, platform: Platform, to_send: CodeToSend) -> Message:
    """The message that carries a one-time code."""
    name = platform.name if lang is Lang.ZH else platform.name_en
    facts = {"platform": name, "code": to_send.code, "minutes": int(CODE_LIFE.total_seconds()) // 60}
    return Message(
        to=to_send.contact,
        subject=say(lang, "people.one_time.subject", **facts),
        text=say(lang, "people.one_time.text", **facts),
    )
