"""What the words of apps say became of a payment, an order or a service."""

from __future__ import annotations

from huiliu.evidence.inspection.model import StatusCode
from huiliu.evidence.reading.forms import squeezed
from huiliu.evidence.reading.layout import Layout, common_states


def status_code(words: str, *, layout: Layout | None = None) -> StatusCode:
    """The code for a page's words, or for a code written out; UNKNOWN when no list has them."""
    text = squeezed(words)
    states = layout.states if layout is not None else common_states()
    if text in states:
        return StatusCode(states[text])
    try:
        return StatusCode(text)
    except ValueError:
        return StatusCode.UNKNOWN
