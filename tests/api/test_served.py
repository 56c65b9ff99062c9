"""Over real sockets, in a process of its own: what no in-process client can show, and what the document promises."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from huiliu.api.openapi import document
from huiliu.api.routing import OPERATIONS
from huiliu.kit.db import Pool
from huiliu.kit.keyring import create_keyring, load_keyring
from huiliu.kit.text import Lang
from huiliu.people.model import Scope
from huiliu.people.signatures import sign
from tests.api.conftest import open_shop
from tests.api.served import served

EXAMPLES = 12
"""For each operation and mode: about five hundred requests in all."""
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@dataclass(frozen=True)
class Live:
    """A running server and a key for it."""

    url: str
    token: str
    secret: str
    claim_nos: tuple[str, ...]
    order_no: str

    @property
    def headers(self) -> dict[str, str]:
        """What every request carries."""
        return {"Authorization": f"Bearer {self.token}", "Accept-Language": "en"}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the served program keeps its keys."""
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def address(db_url: str, data_dir: Path) -> Iterator[str]:
    """A running server."""
    create_keyring(data_dir / "keys.toml")
    with served(db_url, data_dir) as url:
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def live(address: str, data_dir: Path, pool: Pool, platforms: dict[str, int], _furnished: None) -> Live:
    """A key that the server knows, an order, and claims in some states."""
    keyring = load_keyring(data_dir / "keys.toml")
    kamen = platforms["kamen"]
    async with httpx.AsyncClient(base_url=address) as client:
        shop = await open_shop(pool, keyring, client, "kamen", kamen, list(Scope))
        made = await shop.order(delivery_state="failed", usage="unused")
        waiting = await shop.order(kind="service", usage="part_used", units_total=10, units_used=4)
        told = [await shop.refund(made), await shop.refund(waiting, reason="below_standard")]
        assert [each.status_code for each in told] == [201, 201], [each.text for each in told]
        numbers = tuple(str(each.json()["claim_no"]) for each in told)
        return Live(address, shop.created.token, shop.created.secret, numbers, made.order_no)


def test_a_client_that_drips_its_body_is_not_answered_with_a_bug(live: Live) -> None:
    parts = urlsplit(live.url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10) as connection:
        head = (
            f"POST /api/v1/refunds HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {live.token}\r\nIdempotency-Key: k\r\n"
        )
        connection.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 30\r\n\r\n".encode())
        connection.sendall(b'{"order_no":')
    assert httpx.get(f"{live.url}/api/v1/policies", headers=live.headers).status_code == 200


@pytest.mark.parametrize("declares_length", [True, False])
def test_too_large_a_body_is_refused_over_the_wire(live: Live, declares_length: bool) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(64):
            yield b" " * 65_536

    headers = {**live.headers, "Content-Type": "application/json", "Idempotency-Key": uuid4().hex}
    content = b" " * (4 * 1024 * 1024) if declares_length else chunks()
    with contextlib.suppress(httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError):
        # A server may answer before it has read everything, and the client may notice only when it goes on writing.
        told = httpx.post(f"{live.url}/api/v1/refunds", headers=headers, content=content)
        assert (told.status_code, told.json()["code"]) == (413, "api.body_too_large")
    assert httpx.get(f"{live.url}/api/v1/policies", headers=live.headers).status_code == 200


def test_a_signature_over_an_escaped_path_and_query_holds_over_the_wire(live: Live) -> None:
    target, body, nonce = "/api/v1/orders/KM%2D1/usage?x=%E5%85%85", b'{"state":"unused"}', uuid4().hex
    timestamp = int(time.time())
    signed = sign(live.secret, method="POST", target=target, timestamp=timestamp, nonce=nonce, body=body)
    headers = {
        "Huiliu-Key": live.token.rpartition("_" + live.secret)[0],
        "Huiliu-Timestamp": str(timestamp),
        "Huiliu-Nonce": nonce,
        "Huiliu-Signature": signed,
        "Content-Type": "application/json",
    }
    told = httpx.post(live.url + target, content=body, headers=headers)
    assert (told.status_code, told.json()["code"]) == (404, "not_found"), told.text


async def test_many_clients_with_one_key_make_one_claim_over_the_wire(
    live: Live, pool: Pool, data_dir: Path, platforms: dict[str, int]
) -> None:
    keyring = load_keyring(data_dir / "keys.toml")
    async with httpx.AsyncClient(base_url=live.url, timeout=20) as client:
        shop = await open_shop(pool, keyring, client, "kamen", platforms["kamen"], list(Scope))
        made = await shop.order(delivery_state="failed", usage="unused")
        key = uuid4().hex
        told = await asyncio.gather(*(shop.refund(made, key=key) for _ in range(12)))
        assert {each.status_code for each in told} == {201}, [each.text for each in told]
        assert len({each.content for each in told}) == 1
        assert len((await shop.get("/claims", order_no=made.order_no)).json()["claims"]) == 1


def test_the_document_names_every_route_with_words_in_both_languages(address: str) -> None:
    documents = [
        httpx.get(f"{address}/api/openapi.json", headers={"Accept-Language": lang}).json() for lang in ("zh-CN", "en")
    ]
    assert documents[0]["paths"].keys() == documents[1]["paths"].keys()
    ids: list[str] = []
    for path, methods in documents[1]["paths"].items():
        for method, operation in methods.items():
            ids.append(operation["operationId"])
            other = documents[0]["paths"][path][method]
            assert operation["summary"] != other["summary"]
            assert {"401", "403", "500"} <= operation["responses"].keys()
    assert len(ids) == len(set(ids))


def test_every_example_of_the_document_is_what_the_route_takes(address: str) -> None:
    document = httpx.get(f"{address}/api/openapi.json").json()
    schemas = document["components"]["schemas"]
    for methods in document["paths"].values():
        for operation in methods.values():
            for body in operation.get("requestBody", {}).get("content", {}).values():
                if "example" in body:
                    shape = schemas[body["schema"]["$ref"].rpartition("/")[2]]
                    assert set(shape.get("required", [])) <= body["example"].keys() <= shape["properties"].keys()


# With the bearer scheme alone: made-up signature headers would end every second request at the door.
DOCUMENT = {**document(OPERATIONS, Lang.EN), "security": [{"bearer": []}]}
FOUND = [found.ok() for found in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()]


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", FOUND, ids=lambda operation: f"{operation.method} {operation.path}")
@pytest.mark.filterwarnings("default")
def test_whatever_is_sent_the_answer_is_one_that_the_document_names(
    live: Live, operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode
) -> None:
    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: schemathesis.Case) -> None:
        # Every other time something that exists is meant, or nothing but 'not found' would ever be seen.
        flip = sum(json.dumps([case.body, case.query], default=str).encode()) % 4
        for name, known in (("claim_no", live.claim_nos[flip % 2]), ("order_no", live.order_no)):
            if flip < 2 and name in case.path_parameters:
                case.path_parameters[name] = known
            if flip < 2 and isinstance(case.body, dict) and name in case.body:
                case.body[name] = known
        if flip < 2 and isinstance(case.body, dict) and case.body.get("version"):
            case.body["version"] = 1
        case.call_and_validate(base_url=live.url, headers=live.headers, checks=CHECKS)

    send()
