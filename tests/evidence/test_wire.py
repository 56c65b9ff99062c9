"""The headers of the resumable-upload protocol: read strictly, answered exactly."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huiliu.evidence import errors, wire
from huiliu.evidence.model import Upload
from huiliu.kit.errors import Refusal

TUS = {"tus-resumable": "1.0.0"}
CHUNK = {**TUS, "content-type": "application/offset+octet-stream", "upload-offset": "70"}


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def upload() -> Upload:
    return Upload(
        id=uuid4(),
        claim_id=uuid4(),
        slot="paid_shot",
        source="buyer",
        file_name="",
        bytes_total=100,
        bytes_got=70,
        created_at=datetime(2026, 11, 23, 2, tzinfo=UTC),
        expires_at=datetime(2026, 11, 24, 2, tzinfo=UTC),
    )


def test_a_creation_names_its_length_slot_and_file() -> None:
    headers = {
        **TUS,
        "upload-length": "12345",
        "upload-metadata": f"slot {b64('paid_shot')}, filename {b64('支付.png')},filetype",
    }
    asked = wire.read_creation(headers)
    assert (asked.bytes_total, asked.slot, asked.file_name) == (12345, "paid_shot", "支付.png")


def test_a_chunk_names_its_place() -> None:
    assert wire.read_chunk(CHUNK) == wire.Chunk(offset=70, size=None)
    assert wire.read_chunk({**CHUNK, "content-length": "30"}).size == 30


@pytest.mark.parametrize("version", [None, "", "0.2.2", "1.0.0 "])
def test_another_protocol_version_is_refused(version: str | None) -> None:
    headers = {} if version is None else {"tus-resumable": version}
    for read in (wire.check_request, wire.read_chunk, wire.read_creation):
        with pytest.raises(errors.UnsupportedProtocol):
            read(headers)


@pytest.mark.parametrize("number", [None, "", "-1", "1.5", "1e3", "0x10", "٣", "9" * 16, "9" * 100_000, "1 2"])
def test_an_unreadable_number_is_refused(number: str | None) -> None:
    given_number = {} if number is None else {"upload-length": number, "upload-offset": number}
    with pytest.raises(errors.BadUploadHeader):
        wire.read_creation({**TUS, **given_number})
    without = {name: value for name, value in CHUNK.items() if name != "upload-offset"}
    with pytest.raises(errors.BadUploadHeader):
        wire.read_chunk({**without, **given_number})


@pytest.mark.parametrize("kind", ["", "image/png", "multipart/form-data"])
def test_a_chunk_of_another_type_is_refused(kind: str) -> None:
    with pytest.raises(errors.WrongChunkType):
        wire.read_chunk({**CHUNK, "content-type": kind})


@pytest.mark.parametrize(
    "header",
    [
        "slot ###",
        f"slot {b64('a')},slot {b64('b')}",
        f" ,{b64('a')}",
        "slot /w==",
        f"slot {b64('a' + chr(0))}",
        "x" * 3000,
        ",".join(f"k{number}" for number in range(11)),
    ],
)
def test_unreadable_metadata_is_refused(header: str) -> None:
    with pytest.raises(errors.BadUploadHeader):
        wire.read_metadata(header)


@given(st.text(max_size=300))
def test_any_metadata_ends_in_texts_or_a_refusal(header: str) -> None:
    try:
        told = wire.read_metadata(header)
    except Refusal:
        return
    assert all(isinstance(value, str) for value in told.values())


def test_answers_say_where_to_go_on_and_until_when() -> None:
    assert wire.created_headers(upload(), location="/kamen/uploads/1") == {
        "Tus-Resumable": "1.0.0",
        "Location": "/kamen/uploads/1",
        "Upload-Expires": "Tue, 24 Nov 2026 02:00:00 GMT",
    }
    assert wire.offset_headers(upload()) == {
        "Tus-Resumable": "1.0.0",
        "Upload-Offset": "70",
        "Upload-Length": "100",
        "Upload-Expires": "Tue, 24 Nov 2026 02:00:00 GMT",
        "Cache-Control": "no-store",
    }
    assert wire.options_headers()["Tus-Max-Size"] == str(12 * 1024 * 1024)
    assert wire.ended_headers() == {"Tus-Resumable": "1.0.0"}
