"""A video's scenes summed up as one inspection: the page that most of them show, with the best reading of each field. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from msgspec import structs

from huiliu.evidence.inspection.model import Inspection
from huiliu.evidence.video.merge import merge

UNKNOWN_PAGE = "unknown"


def summed(frames: Sequence[Inspection]) -> Inspection:
    """The clearest scene of the page that shows most, completed by what its other scenes say.

    While somebody scrolls, one scene cuts the title off and another the amount: together they show the page. Scenes of
    other pages are kept as they are, beside the sum.
    """
    assert frames, "a video has a scene"
    page = _page(frames)
    same = [frame for frame in frames if frame.page == page]
    base = min(same, key=lambda frame: (len(frame.quality.problems), -len(frame.fields), -frame.quality.sharpness))
    fields = merge([frame.fields for frame in same]).fields
    read = {field.name for field in fields}
    missing = tuple(name for name in base.missing if name not in read)
    return structs.replace(base, fields=fields, missing=missing, findings=(), atlas="none")


def _page(frames: Sequence[Inspection]) -> str:
    weight: Counter[str] = Counter()
    for frame in frames:
        weight[frame.page] += len(frame.fields) if frame.page != UNKNOWN_PAGE else 0
    return max(weight, key=lambda page: (weight[page], page != UNKNOWN_PAGE))
