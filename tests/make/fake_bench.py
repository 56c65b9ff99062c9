"""An inspecting process without models: each picture carries, after its last byte, what the process is to do with it.

The real one stands under the same protocol (lane_process.Bench) and is tested on its own.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import ExitStack
from pathlib import Path

import msgspec

from huiliu.evidence.errors import BrokenPicture
from huiliu.evidence.inspection.model import (
    Box,
    Container,
    FieldName,
    FieldRead,
    Finding,
    Inspection,
    Quality,
    Verdict,
)
from huiliu.evidence.verification.jobs import Build, Built, Inspect, Inspected, Learn, Learnt, Question, Said
from huiliu.evidence.verification.model import AtlasCluster
from tests.make.pictures import png

MARK = b"\nFAKE-BENCH:"
PROGRAM = "tests.make.fake_bench:load"
BEYOND_MEMORY = 64 << 30


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """What one picture makes the process do."""

    do: str = "read"
    """read, private, refuse, break, die, hang, eat, environment."""
    once: str = ""
    """A file to make: when it is there already, the picture is read."""
    fields: dict[str, str] = {}
    page: str = "alipay_bill"
    missing: tuple[str, ...] = ()
    is_screenshot: bool = True
    problems: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()
    score: float = 0.99
    near: str = ""
    profile: str = "360-light"
    atlas: str = "none"


def scripted(words: str = "paid 100.00", **script: object) -> bytes:
    """A picture that passes the gate and carries its script; other words make another picture."""
    return png(words=words) + MARK + msgspec.json.encode(msgspec.convert(script, Script))


def load(stack: ExitStack) -> FakeBench:
    """What lane_process calls."""
    return FakeBench()


class FakeBench:
    """Does what the pictures say."""

    def __init__(self) -> None:
        self._learnt = 0

    def answer(self, question: Question) -> Said:
        """The answer that the picture asks for."""
        match question:
            case Inspect():
                return _inspected(question, msgspec.json.decode(question.data.partition(MARK)[2], type=Script))
            case Learn():
                self._learnt += 1
                return Learnt(was_taken=True)
            case Build():
                folder = Path(question.folder)
                folder.mkdir(parents=True)
                (folder / "atlas.json").write_text(",".join(question.retired))
                cluster = AtlasCluster(
                    name="360-light-abc",
                    width=360,
                    heights=(20,),
                    is_dark=False,
                    pictures=self._learnt,
                    digits_known=10,
                )
                return Built(samples=self._learnt, glyphs=40, clusters=(cluster,))


def _inspected(question: Inspect, script: Script) -> Said:
    do = script.do
    if script.once:
        if Path(script.once).exists():
            do = "read"
        else:
            Path(script.once).touch()
    match do:
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            time.sleep(600)
        case "eat":
            bytearray(BEYOND_MEMORY)
        case "break":
            raise ZeroDivisionError("13812345678")
        case "refuse":
            raise BrokenPicture
        case _:
            pass
    return Inspected(
        inspection=inspection(script),
        is_private=do == "private",
        near=(bytes.fromhex(script.near),) if script.near else (),
        profile=script.profile,
        pipeline="fake",
    )


def inspection(script: Script) -> Inspection:
    """The reading that the script tells of."""
    box = Box(x=1, y=2, width=3, height=4)
    return Inspection(
        verdict=Verdict.UNVERIFIABLE,
        reasons=(),
        page=script.page,
        quality=Quality(
            width=360,
            height=640,
            sharpness=1.0,
            flat_share=0.9,
            is_screenshot=script.is_screenshot,
            problems=script.problems,
        ),
        container=Container(media_type="image/png"),
        fields=tuple(
            FieldRead(name=FieldName(name), value=value, text=value, box=box, score=script.score)
            for name, value in script.fields.items()
        ),
        missing=tuple(FieldName(name) for name in script.missing),
        checks=(),
        findings=tuple(Finding(signal=signal, score=2.0, limit=1.0, boxes=(box,)) for signal in script.signals),
        atlas=script.atlas,
        timings={"environment": float(sum(name.startswith("HUILIU_") for name in os.environ))},
    )
