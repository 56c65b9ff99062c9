"""What the commands about evidence share: their files, their bar, their way of refusing."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from huiliu.kit.errors import Refusal
from huiliu.kit.text import Lang, refusal_words

FOLDER = click.Path(exists=True, file_okay=False, readable=True, path_type=Path)
PIPED_WIDTH = 160
STATUS_BAD_INPUT = 2


class BadInput(click.ClickException):
    """What the command was given cannot be used."""

    exit_code = STATUS_BAD_INPUT


def printable(file: str) -> str:
    """A file's name as text: bytes that are none, in names from other systems, are shown as a replacement sign."""
    return file.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def read_bounded(file: Path, bytes_max: int) -> bytes:
    """The file, and one byte more than allowed where there is more, for the reader to refuse."""
    with file.open("rb") as opened:
        return opened.read(bytes_max + 1)


def bad_input(speech: Lang, refusal: Refusal) -> BadInput:
    """A refusal of what the command was given: its words, and exit status 2."""
    what, todo = refusal_words(speech, refusal)
    return BadInput(f"{what}\n{todo}")


def progress_bar(console: Console) -> Progress:
    """The one kind of bar."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console)


def output_console() -> Console:
    """Standard output, wide enough for tables when it is not a terminal."""
    return Console(width=None if Console().is_terminal else PIPED_WIDTH, highlight=False)
