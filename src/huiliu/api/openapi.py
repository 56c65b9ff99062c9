"""The OpenAPI document, made from the very values that the routes are served from, in the reader's language."""

from __future__ import annotations

import http
import re
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import msgspec

from huiliu import api
from huiliu.api.context import LANGUAGES_MAX
from huiliu.api.operation import Once, Operation
from huiliu.api.problems import PROBLEM_TYPE, Problem
from huiliu.kit.idempotency import KEY_MAX
from huiliu.kit.text import Lang, say
from huiliu.people.signatures import HEADER_KEY, HEADER_NONCE, HEADER_SIGNATURE, HEADER_TIMESTAMP

OPENAPI_VERSION = "3.1.0"
BASE = "/api/v1"

Node: TypeAlias = dict[str, object]
_PARAM = re.compile(r"\{(\w+)\}")
_SIGNED = {"key": HEADER_KEY, "timestamp": HEADER_TIMESTAMP, "nonce": HEADER_NONCE, "signature": HEADER_SIGNATURE}


def document(operations: Sequence[Operation], lang: Lang) -> Node:
    """Everything a machine or a developer needs to call the API."""
    shapes = _shapes(operations)
    components = _components(shapes)
    paths: dict[str, dict[str, object]] = {}
    for operation in operations:
        paths.setdefault(BASE + operation.path, {})[operation.method.lower()] = _operation(operation, lang)
    return {
        "openapi": OPENAPI_VERSION,
        "info": {
            "title": say(lang, "api.document.title"),
            "version": api.VERSION,
            "description": say(lang, "api.document.description"),
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}, {f"signed_{name}": [] for name in _SIGNED}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": _security_schemes(lang),
            "responses": {_problem_name(status): _problem(status, lang) for status in _statuses(operations)},
            "parameters": _shared_parameters(lang),
        },
    }


def _shapes(operations: Sequence[Operation]) -> list[type[msgspec.Struct]]:
    found: dict[type[msgspec.Struct], None] = {Problem: None}
    for operation in operations:
        for shape in (operation.takes, operation.gives, operation.query):
            if shape is not None:
                found[shape] = None
    return list(found)


def _components(shapes: Sequence[type[msgspec.Struct]]) -> dict[str, Node]:
    _, components = msgspec.json.schema_components(
        shapes, schema_hook=_anything, ref_template="#/components/schemas/{name}"
    )
    return msgspec.convert(components, dict[str, Node])


def _anything(kind: type) -> Node:
    """`object` is any JSON at all: the facts of a timeline's line differ with its kind."""
    if kind is object:
        return {"description": "any JSON"}
    raise NotImplementedError(kind)


def _operation(operation: Operation, lang: Lang) -> Node:
    made: Node = {
        "operationId": operation.id,
        "summary": say(lang, f"api.operation.{operation.id}"),
        "description": say(lang, "api.document.scope", scope=operation.scope.value),
        "tags": [operation.path.split("/")[1]],
        "parameters": [*_path_parameters(operation), *_query_parameters(operation), *_headers(operation)],
        "responses": _responses(operation),
    }
    if operation.takes is not None:
        made["requestBody"] = {"required": True, "content": {"application/json": _body(operation)}}
    return made


def _body(operation: Operation) -> Node:
    assert operation.takes is not None
    body: Node = {"schema": {"$ref": f"#/components/schemas/{operation.takes.__name__}"}}
    if operation.example is not None:
        given = msgspec.to_builtins(operation.example)
        body["example"] = {name: value for name, value in given.items() if value not in (None, "", [], ())}
    return body


def _responses(operation: Operation) -> Node:
    schema = {"$ref": f"#/components/schemas/{operation.gives.__name__}"}
    done: Node = {
        "description": http.HTTPStatus(operation.status).phrase,
        "content": {"application/json": {"schema": schema}},
    }
    if operation.once is not Once.IGNORED:
        done["headers"] = {"Idempotent-Replayed": {"schema": {"type": "string", "enum": ["true"]}, "required": False}}
    refused = {
        str(status): {"$ref": f"#/components/responses/{_problem_name(status)}"} for status in operation.statuses[1:]
    }
    return {str(operation.status): done, **refused}


def _path_parameters(operation: Operation) -> Iterable[Node]:
    for name in _PARAM.findall(operation.path):
        schema: Node = {"type": "string", "minLength": 1, "maxLength": 64}
        if name.endswith("_id"):
            schema["format"] = "uuid"
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _query_parameters(operation: Operation) -> Iterable[Node]:
    if operation.query is None:
        return
    components = _components([operation.query])
    properties = msgspec.convert(components[operation.query.__name__]["properties"], dict[str, Node])
    for name, schema in properties.items():
        yield {"name": name, "in": "query", "required": False, "schema": _without_null(schema)}


def _without_null(schema: Node) -> Node:
    """A query parameter that is not there is absent, never null."""
    kept = {name: value for name, value in schema.items() if name != "default" or value is not None}
    options = [each for each in msgspec.convert(kept.pop("anyOf", []), list[Node]) if each != {"type": "null"}]
    return {**(options[0] if options else {}), **kept}


def _headers(operation: Operation) -> Iterable[Node]:
    yield {"$ref": "#/components/parameters/AcceptLanguage"}
    if operation.once is Once.HONOURED:
        yield {"$ref": "#/components/parameters/IdempotencyKey"}
    elif operation.once is Once.REQUIRED:
        yield {"$ref": "#/components/parameters/IdempotencyKeyRequired"}


def _shared_parameters(lang: Lang) -> Node:
    key: Node = {
        "name": "Idempotency-Key",
        "in": "header",
        "description": say(lang, "api.document.idempotency_key"),
        "schema": {"type": "string", "minLength": 1, "maxLength": KEY_MAX, "pattern": "^[!-~]+$"},
    }
    language: Node = {
        "name": "Accept-Language",
        "in": "header",
        "required": False,
        "description": say(lang, "api.document.accept_language", most=LANGUAGES_MAX),
        "schema": {"type": "string", "enum": [each.value for each in Lang]},
    }
    return {
        "IdempotencyKey": {**key, "required": False},
        "IdempotencyKeyRequired": {**key, "required": True},
        "AcceptLanguage": language,
    }


def _security_schemes(lang: Lang) -> Node:
    schemes: Node = {
        "bearer": {"type": "http", "scheme": "bearer", "description": say(lang, "api.document.bearer")},
    }
    for name, header in _SIGNED.items():
        schemes[f"signed_{name}"] = {
            "type": "apiKey",
            "in": "header",
            "name": header,
            "description": say(lang, "api.document.signed"),
        }
    return schemes


def _statuses(operations: Sequence[Operation]) -> list[int]:
    return sorted({status for operation in operations for status in operation.statuses[1:]})


def _problem_name(status: int) -> str:
    return f"Problem{status}"


def _problem(status: int, lang: Lang) -> Node:
    made: Node = {
        "description": say(lang, f"api.status.s{status}"),
        "content": {PROBLEM_TYPE: {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}},
    }
    if status == 503:
        made["headers"] = {"Retry-After": {"schema": {"type": "string"}}}
    if status == 401:
        made["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    return made
