"""Resumable uploads for browsers with scripts (POST, then PATCH with an offset), and the pictures themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import msgspec
from litestar import Response, get, patch, post
from litestar.params import FromPath
from litestar.response import Stream
from litestar.types import ExceptionHandlersMap
from msgspec import Struct

from huiliu.claims.reads import claim_by_id, load_claim
from huiliu.evidence.errors import WrongOffset
from huiliu.evidence.model import FileRow, Upload
from huiliu.evidence.reads import load_file
from huiliu.evidence.uploads import append, finish, give_up, keep_upload, load_upload, start_upload
from huiliu.evidence.video.model import POSTER_TYPE
from huiliu.kit.errors import Invalid, NotFound, Refusal, SignInFirst
from huiliu.people.model import Viewer
from huiliu.web.buyer.mending import Taken, ToMend, to_mend
from huiliu.web.buyer.slots import claim_open_for_evidence
from huiliu.web.form import HttpRequest
from huiliu.web.page import notice_of
from huiliu.web.ranges import asked_range, cut
from huiliu.web.visit import FromVisit, Visit, caller_of

CHUNK_BYTES_MAX = 1024 * 1024
OFFSET_HEADER = "upload-offset"
GATE_REFUSALS_MAX_STATUS = 499
FILE_POLICY = (
    "default-src 'none'; sandbox; style-src 'unsafe-inline'; img-src 'self'; media-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
FILE_HEADERS = {
    "cache-control": "private, max-age=3600, immutable",
    "content-disposition": "inline",
    "content-security-policy": FILE_POLICY,
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
}
"""What an evidence file is served with: shown where this site shows it, run nowhere, taken by no other site."""


class Wanted(Struct, frozen=True):
    """What a browser wants to upload."""

    slot: str
    bytes_total: int
    file_name: str = ""


class Progress(Struct, frozen=True):
    """Where an upload is."""

    id: UUID
    offset: int
    total: int
    done: bool = False
    problems: tuple[ToMend, ...] = ()
    """Of the picture, told at once so that a better one can follow before the claim is sent."""
    told: str = ""
    """How the form's address says the same: ?told=..."""


def answer_json(request: HttpRequest, refusal: Refusal) -> Response[bytes]:
    """A refusal for the script, in the reader's language, with the offset to go on from when that was wrong."""
    said = notice_of(caller_of(request).lang, refusal)
    offset = refusal.facts.get("offset") if isinstance(refusal, WrongOffset) else None
    body = msgspec.json.encode({"code": refusal.code, "title": said.title, "next": said.next, "offset": offset})
    return Response(body, status_code=refusal.status, media_type="application/json")


JSON: ExceptionHandlersMap = {Refusal: answer_json}  # pyright: ignore[reportUnknownVariableType]  (Litestar's alias is partly untyped)


@post("/{slug:str}/claims/{claim_no:str}/uploads", status_code=201, exception_handlers=JSON)
async def begin(request: HttpRequest, visit: FromVisit, claim_no: FromPath[str]) -> Response[bytes]:
    """Open an upload into a slot."""
    try:
        wanted = msgspec.json.decode(await request.body(), type=Wanted)
    except msgspec.DecodeError:
        raise Invalid(field="upload", problem="not_readable") from None
    async with visit.as_buyer() as tx:
        opened = await claim_open_for_evidence(tx, visit, claim_no)
        upload = await start_upload(
            tx, opened.claim.id, slot=wanted.slot, bytes_total=wanted.bytes_total, file_name=wanted.file_name
        )
    await visit.house.files.start_part(visit.platform.id, upload.id)
    return _progress(upload, status=201)


@get("/{slug:str}/claims/{claim_no:str}/uploads/{upload_id:uuid}", exception_handlers=JSON)
async def where(visit: FromVisit, claim_no: FromPath[str], upload_id: FromPath[UUID]) -> Response[bytes]:
    """Where to go on after the line was cut or the page was reloaded."""
    async with visit.as_buyer() as tx:
        opened = await claim_open_for_evidence(tx, visit, claim_no)
        upload = await load_upload(tx, opened.claim.id, upload_id=upload_id)
    return _progress(upload)


@patch(
    "/{slug:str}/claims/{claim_no:str}/uploads/{upload_id:uuid}",
    exception_handlers=JSON,
    request_max_body_size=CHUNK_BYTES_MAX,
)
async def take_chunk(
    request: HttpRequest, visit: FromVisit, claim_no: FromPath[str], upload_id: FromPath[UUID]
) -> Response[bytes]:
    """Take the next bytes: on disk first, then counted; the last chunk makes the upload a picture of its slot."""
    offset = _offset(request)
    async with visit.as_buyer() as tx:
        opened = await claim_open_for_evidence(tx, visit, claim_no)
        claim_id = opened.claim.id
        upload = await load_upload(tx, claim_id, upload_id=upload_id, offset=offset)
    data = await request.body()
    if len(data) > upload.bytes_total - offset:
        raise Invalid(field="upload", problem="too_many_bytes")
    if data:
        await visit.house.files.append_part(visit.platform.id, upload_id, offset=offset, data=data)
        async with visit.as_buyer() as tx:
            upload = await append(tx, claim_id, upload_id=upload_id, offset=offset, size=len(data))
    if not upload.is_complete:
        return _progress(upload)
    taken = await _complete(visit, claim_no, upload)
    return _progress(upload, done=True, problems=to_mend(visit.lang, taken.problems), told=taken.told)


async def _complete(visit: Visit, claim_no: str, upload: Upload) -> Taken:
    """Check and rebuild the file outside any transaction; one that is refused is forgotten."""
    files, platform_id = visit.house.files, visit.platform.id
    try:
        kept = await keep_upload(files, platform_id, upload, scanner=visit.house.scanner)
    except Refusal as no:
        if no.status <= GATE_REFUSALS_MAX_STATUS:
            async with visit.as_buyer() as tx:
                await give_up(tx, upload.claim_id, upload_id=upload.id)
            await files.drop_part(platform_id, upload.id)
        raise
    async with visit.as_buyer() as tx:
        opened = await claim_open_for_evidence(tx, visit, claim_no)
        file_id = await finish(tx, opened.claim.id, upload_id=upload.id, round=opened.round, kept=kept)
    await files.drop_part(platform_id, upload.id)
    return Taken(file_id, kept.problems)


@get("/{slug:str}/files/{file_id:uuid}")
async def picture(request: HttpRequest, visit: FromVisit, file_id: FromPath[UUID]) -> Stream:
    """One picture or video, or the part of it that is asked for, to whoever may see its claim: buyer or staff."""
    file = await _visible_file(visit, file_id)
    headers = _headers(file.sha256)
    is_same = request.headers.get("if-range", headers["etag"]) == headers["etag"]
    part = asked_range(request.headers.get("range", ""), size=file.size) if is_same else None
    pieces: AsyncIterator[bytes] = visit.house.files.stream(visit.platform.id, file.sha256)
    if part is None:
        return Stream(pieces, media_type=file.media_type, headers=headers)
    first, last = part
    headers |= {"content-range": f"bytes {first}-{last}/{file.size}", "content-length": str(last - first + 1)}
    return Stream(cut(pieces, first, last), media_type=file.media_type, headers=headers, status_code=206)


@get("/{slug:str}/files/{file_id:uuid}/poster")
async def poster(visit: FromVisit, file_id: FromPath[UUID]) -> Stream:
    """The picture that stands for a video until it plays, to the same people."""
    file = await _visible_file(visit, file_id)
    if file.poster_sha256 is None:
        raise NotFound
    pieces = visit.house.files.stream(visit.platform.id, file.poster_sha256)
    return Stream(pieces, media_type=POSTER_TYPE, headers=_headers(file.poster_sha256))


def _headers(sha256: bytes) -> dict[str, str]:
    return {**FILE_HEADERS, "accept-ranges": "bytes", "etag": f'"{sha256.hex()[:20]}"'}


async def _visible_file(visit: Visit, file_id: UUID) -> FileRow:
    """Loading the claim is what authorises: a picture of somebody else's claim is not there."""
    viewers: list[Viewer] = [viewer for viewer in (visit.staff, visit.buyer) if viewer is not None]
    if not viewers:
        raise SignInFirst
    async with visit.as_buyer() as tx:
        file = await load_file(tx, file_id)
        claim = await claim_by_id(tx, file.claim_id)
        for viewer in viewers:
            try:
                await load_claim(tx, viewer, claim.claim_no)
            except NotFound:
                continue
            return file
    raise NotFound


def _offset(request: HttpRequest) -> int:
    given = request.headers.get(OFFSET_HEADER, "")
    if not given.isascii() or not given.isdigit() or len(given) > 12:
        raise Invalid(field="upload", problem="not_a_number")
    return int(given)


def _progress(
    upload: Upload, *, status: int = 200, done: bool = False, problems: tuple[ToMend, ...] = (), told: str = ""
) -> Response[bytes]:
    body = Progress(upload.id, upload.bytes_got, upload.bytes_total, done, problems, told)
    return Response(msgspec.json.encode(body), status_code=status, media_type="application/json")


handlers = (begin, where, take_chunk, picture, poster)
