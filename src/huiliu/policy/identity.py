"""What makes a version of a policy the one it is: a hash of its meaning."""

from __future__ import annotations

import hashlib
from functools import cache

import msgspec

from huiliu.policy.model import Policy


def sealed(policy: Policy) -> Policy:
    """The policy with its content hash: SHA-256 over the meaning, so comments, spacing and key language do not count.

    Defaults are left out of what is hashed: a field added later does not change the identity of what is published.
    """
    plain = msgspec.structs.replace(policy, content_hash=b"", golden=())
    digest = hashlib.sha256(msgspec.json.encode(_meaning(plain), order="deterministic")).digest()
    return msgspec.structs.replace(policy, content_hash=digest)


def _meaning(value: object) -> object:
    if isinstance(value, msgspec.Struct):
        given = ((name, getattr(value, name), default) for name, default in _fields_of(type(value)))
        return {name: _meaning(found) for name, found, default in given if found != default}
    if isinstance(value, tuple):
        items: tuple[object, ...] = value  # pyright: ignore[reportUnknownVariableType] a tuple of anything
        return [_meaning(item) for item in items]
    return value


@cache
def _fields_of(kind: type[msgspec.Struct]) -> tuple[tuple[str, object], ...]:
    """Names and defaults, which are the same for every value of a kind."""
    return tuple((field.name, field.default) for field in msgspec.structs.fields(kind))
