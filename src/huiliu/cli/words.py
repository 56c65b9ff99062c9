"""Which language the terminal is spoken to in."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TypeVar

import click

from huiliu.kit.text import Lang

Command = TypeVar("Command", bound=Callable[..., object])


def terminal_lang(environ: Mapping[str, str] = os.environ) -> Lang:
    """Chinese when the system's locale is, English otherwise, in the order that POSIX reads the variables."""
    given = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
    return Lang.ZH if given.lower().startswith("zh") else Lang.EN


def lang_option(command: Command) -> Command:
    """`--lang zh|en`, handed over as `lang: str | None`; see `chosen_lang`."""
    return click.option(
        "--lang", type=click.Choice(["zh", "en"]), help="Language of the output; the system's if not given."
    )(command)


def chosen_lang(lang: str | None) -> Lang:
    """What --lang said, else the terminal's language."""
    if lang is None:
        return terminal_lang()
    return Lang.ZH if lang == "zh" else Lang.EN
