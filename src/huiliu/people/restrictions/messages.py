"""What a buyer is told outside the pages, in both languages at once: whoever decides does not know which one they read."""

from __future__ import annotations

from datetime import datetime

from huiliu.kit.ids import SHANGHAI
from huiliu.kit.text import Lang, say
from huiliu.people.messages import Message
from huiliu.people.model import Platform
from huiliu.people.restrictions.model import Outcome, Restriction, State

BETWEEN = "\n----\n\n"


def restriction_message(platform: Platform, restriction: Restriction, *, to: str, url: str) -> Message:
    """The notice of a restriction: what was seen, the clause, how long, what changes. `url` is where it is appealed."""
    return _message(platform, restriction, "", to=to, url=url, reply="", outcome=None)


def answer_message(
    platform: Platform, restriction: Restriction, *, to: str, url: str, outcome: Outcome, reply: str
) -> Message:
    """The answer to an appeal; when the finding was wrong, an apology instead, also when nobody had appealed."""
    kind = "lifted_" if restriction.state is State.LIFTED else "answer_"
    return _message(platform, restriction, kind, to=to, url=url, reply=reply, outcome=outcome)


def _message(
    platform: Platform, restriction: Restriction, kind: str, *, to: str, url: str, reply: str, outcome: Outcome | None
) -> Message:
    texts: list[str] = []
    subjects: list[str] = []
    for lang in Lang:
        facts = {
            "platform": platform.name if lang is Lang.ZH else platform.name_en,
            "claim_no": restriction.claim_no,
            "level": say(lang, f"people_restrictions.level.{restriction.level}"),
            "effect": say(lang, f"people_restrictions.effect.{restriction.level}"),
            "words": restriction.words,
            "clause": restriction.clause,
            "starts": _moment(restriction.starts_at),
            "ends": _moment(restriction.ends_at),
            "outcome": "" if outcome is None else say(lang, f"people_restrictions.outcome.{outcome}"),
            "reply": reply,
            "url": url,
        }
        subjects.append(say(lang, f"people_restrictions.notice.{kind}subject", **facts))
        texts.append(say(lang, f"people_restrictions.notice.{kind}text", **facts))
    return Message(to=to, subject=" / ".join(subjects), text=BETWEEN.join(texts))


def _moment(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
