"""Style sheets and scripts: read once, compressed once, named by their content so that a browser keeps them for a year."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.params import FromPath
from msgspec import Struct

from huiliu.kit.errors import NotFound

ASSET_BYTES_MAX = 1_000_000
MEDIA_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
DIGEST_CHARS = 10


class Asset(Struct, frozen=True):
    """One file under web/static, ready to send."""

    media_type: str
    digest: str
    plain: bytes
    packed: bytes


@cache
def assets() -> dict[str, Asset]:
    """Every static file by its path below web/static."""
    found: dict[str, Asset] = {}
    _collect(files("huiliu.web").joinpath("static"), "", found)
    return found


def asset_url(name: str) -> str:
    """The address of a static file; it changes when the file does."""
    asset = assets().get(name)
    return f"/static/{asset.digest if asset else 'missing'}/{name}"


@get("/static/{digest:str}/{name:path}", opt={"bare": True})
async def static_file(
    request: Request[None, None, State], digest: FromPath[str], name: FromPath[str]
) -> Response[bytes]:
    """A style sheet or script. An old digest still gets the present file, but not for a year."""
    asset = assets().get(name.lstrip("/"))
    if asset is None:
        raise NotFound
    packs = "gzip" in request.headers.get("accept-encoding", "")
    headers = {
        "cache-control": "public, max-age=31536000, immutable" if digest == asset.digest else "no-cache",
        "etag": f'"{asset.digest}"',
        "vary": "accept-encoding",
    }
    if packs:
        headers["content-encoding"] = "gzip"
    return Response(asset.packed if packs else asset.plain, media_type=asset.media_type, headers=headers)


def _collect(folder: Traversable, prefix: str, into: dict[str, Asset]) -> None:
    if not folder.is_dir():
        return
    for entry in folder.iterdir():
        name = f"{prefix}{entry.name}"
        if entry.is_dir():
            _collect(entry, f"{name}/", into)
            continue
        media_type = MEDIA_TYPES.get(f".{entry.name.rpartition('.')[2]}")
        if media_type is None:
            continue
        content = entry.read_bytes()
        assert len(content) <= ASSET_BYTES_MAX, f"{name} is too heavy for a page"
        digest = hashlib.sha256(content).hexdigest()[:DIGEST_CHARS]
        into[name] = Asset(media_type, digest, content, gzip.compress(content, 9))
