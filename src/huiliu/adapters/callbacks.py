"""The door to platforms' own servers: one POST, with every bound on it, to an address that is checked when it is called.

A name is resolved here and the connection goes to the very address that was checked, so a name that changes its mind
between the check and the call leads nowhere.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import httpx

from huiliu.notices.addresses import check_url, is_public
from huiliu.notices.model import UrlBad

CONNECT_SECONDS_MAX = 3.0
TOTAL_SECONDS_MAX = 10.0
"""The whole exchange, however slowly the other side drips."""
ANSWER_BYTES_MAX = 4_096
"""More of an answer is not read: only its status counts."""
CONNECTIONS_MAX = 64
ADDRESSES_TRIED_MAX = 3


@dataclass(frozen=True, slots=True)
class Answered:
    """The other side said something: its HTTP status."""

    status_code: int


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Nothing that counts as an answer; `why` is one word for the list of deliveries."""

    why: str


@final
class Callbacks:
    """Sends webhooks. Close it when the worker stops."""

    def __init__(self, *, allow_private: bool, total_seconds: float = TOTAL_SECONDS_MAX) -> None:
        self._allow_private = allow_private
        self._total_seconds = total_seconds
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(total_seconds, connect=min(CONNECT_SECONDS_MAX, total_seconds)),
            limits=httpx.Limits(max_connections=CONNECTIONS_MAX, max_keepalive_connections=0),
            follow_redirects=False,
            trust_env=False,  # a proxy from the environment would do the resolving, unchecked
        )

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes) -> Answered | NoAnswer:
        """Send one webhook. Never raises for what the other side does."""
        try:
            async with asyncio.timeout(self._total_seconds):
                return await self._post(httpx.URL(url), headers, body)
        except TimeoutError:
            return NoAnswer("timeout")
        except UrlBad:
            return NoAnswer("private_address")
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError):  # the last: a name that cannot be looked up
            return NoAnswer("bad_url")
        except httpx.TimeoutException:
            return NoAnswer("timeout")
        except httpx.ConnectError:
            return NoAnswer("connection_failed")
        except httpx.HTTPError:
            return NoAnswer("protocol_error")

    async def close(self) -> None:
        """Drop every connection."""
        await self._client.aclose()

    async def _post(self, url: httpx.URL, headers: Mapping[str, str], body: bytes) -> Answered | NoAnswer:
        check_url(str(url), allow_private=self._allow_private)
        addresses = await self._addresses(url)
        if not addresses:
            return NoAnswer("name_not_found")
        for address in addresses[:-1]:
            try:
                return await self._send(url, address, headers, body)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue  # nothing was sent yet; an IPv6 address may lead nowhere from here
        return await self._send(url, addresses[-1], headers, body)

    async def _send(self, url: httpx.URL, address: str, headers: Mapping[str, str], body: bytes) -> Answered:
        request = self._client.build_request(
            "POST",
            url.copy_with(host=address),
            content=body,
            headers={**headers, "Host": url.netloc.decode("ascii")},
            extensions={"sni_hostname": url.host},  # the certificate must be the name's, not the address's
        )
        response = await self._client.send(request, stream=True)
        try:
            await _read_some(response)
        finally:
            await response.aclose()
        return Answered(response.status_code)

    async def _addresses(self, url: httpx.URL) -> list[str]:
        """The host's addresses, a few at most. All of them must be public, or none is called. Raises UrlBad."""
        port = url.port or (443 if url.scheme == "https" else 80)
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
        except OSError:
            return []
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not self._allow_private and not all(is_public(address) for address in addresses):
            raise UrlBad(problem="private")
        return addresses[:ADDRESSES_TRIED_MAX]


async def _read_some(response: httpx.Response) -> None:
    seen = 0
    async for chunk in response.aiter_raw():
        seen += len(chunk)
        if seen >= ANSWER_BYTES_MAX:
            return
