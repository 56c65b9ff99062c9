"""Findings of the law and vague-word checks in words, as precise as a finding allows."""

from __future__ import annotations

from huiliu.kit.text import Lang, has_words, say
from huiliu.policy.lint.findings import Finding


def what_words(lang: Lang, finding: Finding) -> str:
    """What is wrong. The clauses are the reader's to show beside it."""
    return say(lang, f"law.{finding.code.value}.what", **finding.facts)


def do_words(lang: Lang, finding: Finding) -> str:
    """What to do about it; for a vague word why it is vague and what to write instead."""
    key = f"law.vague.{finding.facts.get('term', '')}"
    if has_words(f"{key}.why"):
        return say(lang, "law.instead", why=say(lang, f"{key}.why"), instead=say(lang, f"{key}.instead"))
    return say(lang, f"law.{finding.code.value}.do", **finding.facts)


def article_words(lang: Lang, finding: Finding) -> str:
    """The statute's full name, the article and since when it is in force; '' when no law is named."""
    return say(lang, f"law.article.{finding.article}") if finding.article else ""


def notice_words(lang: Lang) -> str:
    """What goes under every list of such findings: a check, no legal advice."""
    return say(lang, "law.notice")
