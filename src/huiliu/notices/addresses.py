"""Which addresses may be called: a webhook must not become a way into somebody's private network."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from huiliu.notices.model import UrlBad

URL_MAX = 500
LABEL_MAX = 63
"""Of one part of a name; a longer or empty one cannot even be looked up."""


def check_url(url: str, *, allow_private: bool) -> None:
    """Whether an address may be called at all, by its text; where its name leads is checked again at every call.

    `allow_private` (the demo) lets plain http and private networks through. Raises UrlBad.
    """
    problem = _url_problem(url, allow_private=allow_private)
    if problem:
        raise UrlBad(problem=problem)


def is_public(address: str) -> bool:
    """Whether an IP address is out on the internet: not this machine, not a private or special network."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    for inner in (getattr(parsed, "ipv4_mapped", None), getattr(parsed, "sixtofour", None)):
        if inner is not None:
            return is_public(str(inner))  # an IPv4 address in an IPv6 coat
    is_ipv4_inside = parsed.version == 6 and any(parsed in network for network in _IPV4_INSIDE)
    return parsed.is_global and not parsed.is_multicast and not is_ipv4_inside


_IPV4_INSIDE = tuple(ipaddress.ip_network(each) for each in ("::/96", "64:ff9b::/96", "64:ff9b:1::/48"))
"""Ways of writing an IPv4 address, private ones too, that a gateway may translate back."""
_HOST = re.compile(r"[a-z0-9.-]{1,253}|[0-9a-f:.]{2,45}")
_LOCAL_NAMES = (".localhost", ".local", ".internal", ".lan", ".home.arpa")


def _url_problem(url: str, *, allow_private: bool) -> str:
    if len(url) > URL_MAX:
        return "url_too_long"
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return "characters"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "malformed"
    host = (parts.hostname or "").lower()
    if _HOST.fullmatch(host) is None or port == 0:
        return "malformed"
    if ":" not in host and not all(0 < len(label) <= LABEL_MAX for label in host.removesuffix(".").split(".")):
        return "malformed"
    if parts.username is not None or parts.password is not None:
        return "has_password"
    if parts.fragment:
        return "has_fragment"
    return "" if allow_private and parts.scheme in ("http", "https") else _public_problem(parts, host)


def _public_problem(parts: SplitResult, host: str) -> str:
    if parts.scheme != "https":
        return "not_https"
    if host == "localhost" or host.endswith(_LOCAL_NAMES):
        return "private"
    # 127.1, 2130706433 and 0x7f.1 are loopback to many resolvers: a host that ends in a number must be a whole address.
    looks_numeric = ":" in host or re.fullmatch(r"(0x[0-9a-f]*|\d+)", host.rstrip(".").rpartition(".")[2]) is not None
    return "private" if looks_numeric and not is_public(host) else ""
