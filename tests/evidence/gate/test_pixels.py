"""A picture's exact pixels come out of the child, with what its container tells; whatever the child says is doubted."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from huiliu.evidence import errors
from huiliu.evidence.gate.fork_server import SOURCE, ForkServer
from huiliu.evidence.gate.pixels import Opener, open_picture
from huiliu.evidence.inspection.model import Container
from huiliu.kit.errors import Refusal
from tests.make.heic import HEIC, UPRIGHT
from tests.make.pictures import encoded, jpeg, picture, png


def container(data: bytes) -> Container:
    return open_picture(data).container


def test_the_pixels_of_a_png_are_the_pixels() -> None:
    opened = open_picture(png())
    assert (opened.rgb == np.asarray(picture())).all()
    assert (opened.luma == np.asarray(picture().convert("L"))).all()
    assert (opened.width, opened.height, opened.container.media_type) == (360, 640, "image/png")


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "1", "CMYK"])
def test_other_kinds_of_colour_become_plain_ones(mode: str) -> None:
    data = encoded(picture().convert(mode), "JPEG" if mode == "CMYK" else "PNG")
    opened = open_picture(data)
    assert opened.rgb.shape == (640, 360, 3)
    assert opened.luma.shape == (640, 360)
    assert int(opened.luma.max()) > 250


def test_a_jpegs_luma_is_its_own_and_not_computed_from_colours() -> None:
    data = encoded(picture(), "JPEG", quality=60)
    opened = open_picture(data)
    own = Image.open(io.BytesIO(data))
    own.draft("L", own.size)
    assert (opened.luma == np.asarray(own)).all()
    assert (opened.rgb == np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_colours_and_luma_are_turned_the_way_the_phone_was_held(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    opened = open_picture(encoded(picture(), "JPEG", exif=exif))
    assert opened.luma.shape == ((640, 360) if orientation < 5 else (360, 640))
    assert opened.rgb.shape[:2] == opened.luma.shape
    corner = {1: (0, 0), 2: (0, -1), 3: (-1, -1), 4: (-1, 0), 5: (0, 0), 6: (0, -1), 7: (-1, -1), 8: (-1, 0)}[
        orientation
    ]
    red, _, blue = (int(level) for level in opened.rgb[corner])
    assert blue > 150 > red
    assert int(opened.luma[corner]) < 120


def test_a_photo_in_a_phones_own_format_is_opened_upright() -> None:
    opened = open_picture(HEIC)
    assert (opened.width, opened.height) == UPRIGHT
    assert opened.container.media_type == "image/heic"
    assert opened.rgb[100, -10].tolist() == [29, 78, 216]
    assert opened.rgb[100, 10].tolist() == [255, 255, 255]
    assert open_picture(encoded(picture(), "AVIF")).container.media_type == "image/avif"


@pytest.mark.parametrize("quality", [1, 30, 60, 75, 90, 95, 100])
def test_the_quality_a_jpeg_was_saved_with_is_recovered(quality: int) -> None:
    assert container(encoded(picture(), "JPEG", quality=quality)).jpeg_quality == quality
    assert container(encoded(picture().convert("L"), "JPEG", quality=quality)).jpeg_quality == quality


def test_tables_of_somebody_elses_have_no_quality() -> None:
    strange = [list(range(1, 65)), [17] * 64]
    assert container(encoded(picture(), "JPEG", qtables=strange)).jpeg_quality is None
    assert container(png()).jpeg_quality is None


def test_what_a_camera_writes_is_told() -> None:
    exif = Image.Exif()
    exif[0x0131] = "HarmonyOS camera\n\0"
    exif.get_ifd(0x8769)[0x9003] = "2026:11:24 18:03:05"
    exif.get_ifd(0x8825)[2] = (39.0, 54.0, 20.0)
    told = container(encoded(picture(), "JPEG", exif=exif, progressive=True))
    assert told.software == "HarmonyOS camera"
    assert told.taken_at == "2026:11:24 18:03:05"
    assert told.has_location
    assert told.has_metadata
    assert told.is_progressive
    assert not told.has_editor_traces


@pytest.mark.parametrize(
    "editor", ["Adobe Photoshop 25.0 (Windows)", "美图秀秀 10.3", "Snapseed 2.0", "PicsArt", "GIMP 2.10"]
)
def test_an_editor_that_names_itself_is_told(editor: str) -> None:
    exif = Image.Exif()
    exif[0x0131] = editor.encode()
    info = PngInfo()
    info.add_itxt("Software", editor)
    xmp = f'<x:xmpmeta xmp:CreatorTool="{editor}"/>'.encode()
    for data in (
        encoded(picture(), "JPEG", exif=exif.tobytes()),
        encoded(picture(), "PNG", pnginfo=info),
        encoded(picture(), "JPEG", xmp=xmp),
    ):
        assert container(data).has_editor_traces


def test_a_colour_profile_by_adobe_is_no_editor() -> None:
    profile = b"\0" * 100 + b"Copyright 1999 Adobe Systems Incorporated" + b"\0" * 300
    assert not container(encoded(picture(), "JPEG", icc_profile=profile)).has_editor_traces


def test_a_picture_of_artificial_intelligence_that_says_so_is_flagged() -> None:
    xmp = b"<x:xmpmeta><Iptc4xmpExt:DigitalSourceType>trainedAlgorithmicMedia</x></x:xmpmeta>"
    assert container(encoded(picture(), "JPEG", xmp=xmp)).flags == ("generator_named",)


def test_a_plain_picture_tells_nothing() -> None:
    assert container(png()) == Container(media_type="image/png")


def test_one_opener_opens_many_pictures_from_several_threads() -> None:
    with Opener() as opener, ThreadPoolExecutor(4) as threads:
        words = [f"paid {number}" for number in range(12)]
        opened = list(threads.map(lambda word: opener.open(png(words=word)), words))
        assert all((it.rgb == np.asarray(picture(words=word))).all() for it, word in zip(opened, words, strict=True))
        with pytest.raises(errors.BrokenPicture):
            opener.open(jpeg()[:900])
        with pytest.raises(errors.DocumentFile):
            opener.open(b"%PDF-1.7")
        assert opener.open(jpeg()).width == 360


def test_a_closed_opener_leaves_no_process() -> None:
    with ForkServer() as server:
        Opener(server).open(png())
        assert server.pid
    assert server.pid == 0


LIES = {
    "nothing": "pass",
    "rubbish": "peer.sendall(b'rubbish, and more of it')",
    "a long head": "peer.sendall(b'\\xff\\xff\\xff\\xff')",
    "no size": "answer(peer, {}, [])",
    "too many pixels": "answer(peer, {'width': 60000, 'height': 60000, 'container': past}, [])",
    "too few pixels": "answer(peer, {'width': 9, 'height': 9, 'container': past}, [b'x' * 300])",
    "more pixels": "answer(peer, {'width': 9, 'height': 9, 'container': past}, [b'x' * 325])",
    "a quality of 999": "answer(peer, {'width': 9, 'height': 9, 'container': {**past, 'jpeg_quality': 999}}, [b'x' * 324])",
    "a thousand flags": "answer(peer, {'width': 9, 'height': 9, 'container': {**past, 'flags': ['x'] * 999}}, [b'x' * 324])",
    "a long text": "answer(peer, {'width': 9, 'height': 9, 'container': {**past, 'software': 'x' * 999}}, [b'x' * 324])",
    "death": "os.kill(os.getpid(), signal.SIGKILL)",
}
PAST = {
    "jpeg_quality": None,
    "is_progressive": False,
    "software": "",
    "taken_at": "",
    "has_location": False,
    "has_metadata": False,
    "has_editor_traces": False,
    "trailing_bytes": 0,
    "flags": [],
}


def liar(work: str) -> Opener:
    return Opener(
        ForkServer(
            f"import sys; sys.path.insert(0, {str(SOURCE)!r})\n"
            "import os, signal\n"
            "from huiliu.evidence.gate.child import answer, read_all, serve\n"
            f"past = {PAST!r}\n"
            f"def work(peer):\n    read_all(peer)\n    {work}\n"
            "serve({b'P': work})\n"
        )
    )


@pytest.mark.parametrize("lie", LIES)
def test_a_child_that_was_taken_over_is_not_believed(lie: str) -> None:
    with liar(LIES[lie]) as opener, pytest.raises(errors.GateFailed):
        opener.open(png())


def test_an_honest_answer_of_that_kind_would_be_believed() -> None:
    with liar("answer(peer, {'width': 9, 'height': 9, 'container': past}, [b'x' * 324])") as opener:
        assert opener.open(png()).width == 9


def test_no_word_of_a_refusal_is_the_childs() -> None:
    with liar("answer(peer, {'no': '<b>pay me</b>'}, [])") as opener, pytest.raises(Refusal) as refused:
        opener.open(png())
    assert refused.value.code == "evidence.broken_picture"
