"""Secrets at rest: AES-256-GCM under named keys, and keyed hashes for look-ups that must not reveal what they find.

The key file is TOML: `current = "k1"`, `lookup = "<base64>"`, `[keys] k1 = "<base64 of 32 bytes>"`. Old keys stay, for
reading.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import tomllib
from pathlib import Path
from typing import final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12


@final
class Keyring:
    """Encrypts with the current key, decrypts with any known one."""

    def __init__(self, *, current: str, keys: dict[str, bytes], lookup: bytes) -> None:
        assert current in keys
        assert all(len(key) == KEY_BYTES for key in keys.values())
        self._current = current
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self._lookup = lookup

    def seal(self, text: str, *, context: str) -> bytes:
        """Encrypt `text`; `context` (table.column) is authenticated, so a value moved elsewhere will not open."""
        return self.seal_bytes(text.encode(), context=context)

    def open(self, sealed: bytes, *, context: str) -> str:
        """Raises KeyError for an unknown key and InvalidTag for a changed or moved value."""
        return self.open_bytes(sealed, context=context).decode()

    def seal_bytes(self, data: bytes, *, context: str) -> bytes:
        """The same for bytes: the sealed originals of evidence files."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._ciphers[self._current].encrypt(nonce, data, context.encode())
        return self._current.encode() + b":" + nonce + sealed

    def open_bytes(self, sealed: bytes, *, context: str) -> bytes:
        """Raises KeyError for an unknown key and InvalidTag for a changed or moved value."""
        name, _, rest = sealed.partition(b":")
        cipher = self._ciphers[name.decode()]
        return cipher.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], context.encode())

    def fingerprint(self, text: str, *, context: str) -> bytes:
        """A keyed SHA-256: equal texts of one context are equal, and nothing can be read back without the key."""
        return hmac.new(self._lookup, f"{context}\0{text}".encode(), hashlib.sha256).digest()


def load_keyring(path: Path) -> Keyring:
    """Read the key file. Raises FileNotFoundError; `create_keyring` makes a first one."""
    content = tomllib.loads(path.read_text("utf-8"))
    keys = {name: base64.b64decode(value) for name, value in content["keys"].items()}
    return Keyring(current=content["current"], keys=keys, lookup=base64.b64decode(content["lookup"]))


def create_keyring(path: Path) -> None:
    """Write a new key file that only its owner can read; never overwrites one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f'current = "k1"\nlookup = "{_fresh()}"\n\n[keys]\nk1 = "{_fresh()}"\n')


def _fresh() -> str:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
