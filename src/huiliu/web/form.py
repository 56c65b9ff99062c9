"""What a form sent: trimmed, bounded text, and proof that the form was ours."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from msgspec import Struct

from huiliu.kit.errors import Invalid, Refusal
from huiliu.web.cookies import HttpRequest, sent_cookie

FORM_COOKIE = "hl_form"
FORM_FIELD = "_form"
FORM_HEADER = "x-form-token"
SALT_HEX = 16
FIELD_CHARS_MAX = 4_000
FIELDS_MAX = 60
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class FormExpired(Refusal):
    """The form does not prove that it came from our page: another site sent it, or the browser dropped its cookie."""

    code = "web.form_expired"
    status = 403


class Form(Struct, frozen=True):
    """The fields and files of one submitted form."""

    fields: dict[str, list[str]]
    files: dict[str, UploadFile]

    def text(self, name: str, *, chars_max: int = FIELD_CHARS_MAX) -> str:
        """One trimmed field, '' when absent. Raises Invalid when longer than chars_max or carrying control characters."""
        value = self.fields.get(name, [""])[0].replace("\r\n", "\n").strip()
        if len(value) > chars_max:
            raise Invalid(field=name, problem="text_too_long")
        if any(ord(char) < 32 and char not in "\n\t" for char in value):
            raise Invalid(field=name, problem="control_characters")
        return value

    def all(self, name: str) -> list[str]:
        """Every value of a repeated field (check boxes)."""
        return [value.strip() for value in self.fields.get(name, [])]

    def number(self, name: str) -> int:
        """A whole number. Raises Invalid."""
        value = self.text(name, chars_max=20)
        if not value.isascii() or not value.isdigit():
            raise Invalid(field=name, problem="not_a_number")
        return int(value)

    def typed(self) -> dict[str, str]:
        """What to show again in the fields when the answer is a refusal. Passwords and codes are left out."""
        return {name: values[0] for name, values in self.fields.items() if name not in {FORM_FIELD, "password", "code"}}


async def read_form(request: HttpRequest) -> Form:
    """Read a urlencoded or multipart body. Raises Invalid for anything else or too many fields."""
    if request.content_type[0] not in {RequestEncodingType.URL_ENCODED, RequestEncodingType.MULTI_PART}:
        return Form({}, {})
    sent = await request.form()
    fields: dict[str, list[str]] = {}
    files: dict[str, UploadFile] = {}
    for name, value in sent.multi_items():
        if isinstance(value, UploadFile):
            if value.filename:
                files[name] = value
        elif isinstance(value, str):
            fields.setdefault(name, []).append(value)
    if len(fields) > FIELDS_MAX:
        raise Invalid(field="form", problem="too_many_fields")
    return Form(fields, files)


def new_form_cookie() -> str:
    """The random value a browser keeps; forms carry a salted proof of it."""
    return secrets.token_urlsafe(24)


def form_token(cookie: str) -> str:
    """A proof of the cookie that differs on every page, so compressed pages leak nothing about it."""
    salt = secrets.token_hex(SALT_HEX // 2)
    return salt + _proof(cookie, salt)


async def only_our_forms(request: HttpRequest) -> None:
    """Before every handler of the pages: a changing request must carry the proof. Raises FormExpired."""
    if request.method in SAFE:
        return
    token = request.headers.get(FORM_HEADER) or (await read_form(request)).text(FORM_FIELD, chars_max=200)
    cookie = sent_cookie(request, FORM_COOKIE)
    if request.headers.get("sec-fetch-site") == "cross-site" or not _proves(token, cookie):
        raise FormExpired


def _proves(token: str, cookie: str) -> bool:
    salt, proof = token[:SALT_HEX], token[SALT_HEX:]
    return bool(cookie) and hmac.compare_digest(proof.encode(), _proof(cookie, salt).encode())


def _proof(cookie: str, salt: str) -> str:
    return hmac.new(cookie.encode(), salt.encode(), hashlib.sha256).hexdigest()
