"""The processes that touch strangers' videos. Each starts for one video, has no environment, and ends with it.

    look   the file comes in on stdin; what it is and its scenes' frames go out on stdout
    frames the file comes in on stdin; small frames at an even pace go out on stdout. Cannot write files.
    pack   those frames come in on stdin; a WebM and a poster go out on stdout. Never sees the file itself.

FFmpeg, as it comes with OpenCV, reads from memory and may open nothing else: the list of protocols allowed to it names
none that exists, so a playlist that passes for a video reaches no file and no address.
"""

from __future__ import annotations

import io
import json
import os
import resource
import sys
from collections.abc import Callable, Mapping
from typing import BinaryIO

import cv2

from huiliu.evidence.video.frames import Video, shown_size
from huiliu.evidence.video.limits import (
    CPU_SECONDS_MAX,
    DESCRIPTORS_TO_LOOK,
    DESCRIPTORS_TO_PACK,
    END,
    MEMORY_BYTES_MAX,
    MORE,
    PROTOCOLS_NONE,
    No,
    Task,
)
from huiliu.evidence.video.model import SAMPLES_PER_SECOND, SHOWN_BYTES_MAX, SHOWN_PER_SECOND
from huiliu.evidence.video.scenes import Cutter, fitted
from huiliu.evidence.video.webm import packed

os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = PROTOCOLS_NONE  # read by OpenCV when it opens a video, not before


def limit_process(task: Task) -> None:
    """Give up memory, time, and files before the first foreign byte is looked at.

    Whoever looks at the upload can open nothing any more, neither file nor connection: every descriptor it may have is
    taken. Whoever packs frames may write one file of a bounded size.
    """
    cpu, is_packing = CPU_SECONDS_MAX[task], task is Task.PACK
    writes, descriptors = (SHOWN_BYTES_MAX, DESCRIPTORS_TO_PACK) if is_packing else (0, DESCRIPTORS_TO_LOOK)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
    resource.setrlimit(resource.RLIMIT_FSIZE, (writes, writes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
    if sys.platform == "linux":  # elsewhere the address space cannot be limited; the time limit still holds
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))


def look(source: BinaryIO, out: BinaryIO) -> None:
    """Say what the video is and give its scenes."""
    video, cutter = Video(io.BytesIO(source.read())), Cutter()
    for frame, at_ms in video.samples(SAMPLES_PER_SECOND):
        cutter.add(frame, at_ms=at_ms)
    scenes, has_stable = cutter.chosen()
    sizes = [(scene.frame.shape[1], scene.frame.shape[0], scene.at_ms, scene.sharpness) for scene in scenes]
    facts = {**video.facts(), "static_share": cutter.static_share, "has_stable": has_stable, "scenes": sizes}
    say(out, facts)
    for scene in scenes:
        out.write(scene.frame.tobytes())


def frames(source: BinaryIO, out: BinaryIO) -> None:
    """Give the frames that the shown copy is made of, one size, one pace; the last mark says that all came."""
    video, size = Video(io.BytesIO(source.read())), None
    for frame, _ in video.samples(SHOWN_PER_SECOND, repeats=True):
        if size is None:
            size = shown_size(frame.shape[1], frame.shape[0])
            say(out, {"width": size[0], "height": size[1]})
        out.write(MORE + fitted(frame, *size).tobytes())
    out.write(END)


def pack(source: BinaryIO, out: BinaryIO) -> None:
    """Make a WebM and a poster of the frames."""
    facts, video, poster = packed(source)
    say(out, {**facts, "bytes": len(video)})
    out.write(video)
    out.write(poster)


def say(out: BinaryIO, facts: Mapping[str, object]) -> None:
    """One line of JSON."""
    out.write(json.dumps(facts).encode() + b"\n")


TASKS: Mapping[Task, Callable[[BinaryIO, BinaryIO], None]] = {Task.LOOK: look, Task.FRAMES: frames, Task.PACK: pack}


def main() -> None:
    """One video in, one answer out. A crash, a kill or an unreadable answer is for the parent to refuse."""
    task = Task(sys.argv[1])
    # Whatever FFmpeg prints must not become part of the answer.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    limit_process(task)
    try:
        TASKS[task](sys.stdin.buffer, out)
    except No as no:
        say(out, {"no": str(no)})
    except MemoryError:
        say(out, {"no": "failed"})
    except cv2.error:  # its decoder hands out something that is no picture
        say(out, {"no": "broken"})
    out.flush()
    os._exit(0)
