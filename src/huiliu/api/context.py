"""What every call of the API starts from: who calls, in which language, with which body, on which route."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias, TypeVar

import msgspec
from litestar import Request

from huiliu.api.decoding import decode_body, decode_query
from huiliu.kit.db import Pool, Tx, transaction, utc_now
from huiliu.kit.keyring import Keyring
from huiliu.kit.settings import Settings
from huiliu.kit.text import Lang
from huiliu.people.actor import actor_of
from huiliu.people.api_keys import KeyGate
from huiliu.people.model import ApiKey

ApiRequest: TypeAlias = Request[Any, Any, Any]  # pyright: ignore[reportExplicitAny] - Litestar's own three open slots
Shape = TypeVar("Shape", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class ApiHouse:
    """What the composition root hands to the API. One for each process: the gate remembers keys for a moment."""

    pool: Pool
    keyring: Keyring
    gate: KeyGate
    settings: Settings
    clock: Callable[[], datetime] = utc_now


@dataclass(frozen=True, slots=True)
class Mark:
    """The caller's idempotency key, with the request that it was sent for."""

    key: str
    request_hash: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated call, its scope already checked."""

    house: ApiHouse
    operation_id: str
    key: ApiKey
    lang: Lang
    params: Mapping[str, str]
    query_pairs: tuple[tuple[str, str], ...]
    raw: bytes
    mark: Mark | None

    @property
    def idempotency_scope(self) -> str:
        """Whose idempotency keys these are: this API key's, on this route."""
        return f"{self.key.id.hex}:{self.operation_id}"

    def body(self, shape: type[Shape]) -> Shape:
        """The body as what the route takes. Raises MalformedJson, NotUtf8, FieldBad."""
        return decode_body(self.raw, shape)

    def query(self, shape: type[Shape]) -> Shape:
        """The query as what the route takes. Raises FieldBad."""
        return decode_query(self.query_pairs, shape)

    def transaction(self, *, batched: bool = False) -> AbstractAsyncContextManager[Tx]:
        """A transaction in which this key acts."""
        return transaction(self.house.pool, actor_of(self.key), batched=batched, clock=self.house.clock)


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: already encoded, because an answer under an idempotency key is kept byte for byte."""

    status: int
    content: bytes
    is_replay: bool = False


def answer(body: msgspec.Struct, *, status: int = 200) -> Answer:
    """An answer in JSON."""
    return Answer(status, msgspec.json.encode(body))


def request_hash(*, method: str, target: str, body: bytes) -> bytes:
    """What makes two requests the same one: method, path with query, and the body's bytes."""
    return hashlib.sha256(f"{method} {target}\n".encode("utf-8", "surrogateescape") + body).digest()


def lang_of(accept_language: str) -> Lang:
    """The reader's language by Accept-Language: the best weighted of zh and en; zh-CN when neither is asked for."""
    best, best_weight = Lang.ZH, 0.0
    for part in accept_language.lower().split(",")[:LANGUAGES_MAX]:
        tag, _, parameters = part.strip().partition(";")
        lang = Lang.ZH if tag.startswith("zh") else Lang.EN if tag.startswith("en") else None
        weight = _weight(parameters)
        if lang is not None and weight > best_weight:
            best, best_weight = lang, weight
    return best


LANGUAGES_MAX = 20


def _weight(parameters: str) -> float:
    name, _, value = parameters.replace(" ", "").partition("=")
    if name != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
