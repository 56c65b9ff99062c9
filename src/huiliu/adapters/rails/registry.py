"""Which gateway speaks to which rail.

This release plays every rail on the sandbox: orders say wechatpay, alipay or epay, and the money is play money. Real rails
take their places in this table. `balance` and `bank` are absent on purpose: nobody here speaks to them, so their payouts
are held for a person.
"""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from huiliu.adapters.rails.sandbox import CONNECT_SECONDS, TOTAL_SECONDS, SandboxGateway, SandboxSeal
from huiliu.evidence.verification.payments import PaymentQuery
from huiliu.kit.settings import Settings
from huiliu.payouts.gateway import Gateway, NotificationReader

SANDBOX_RAILS = ("sandbox", "wechatpay", "alipay", "epay")
NOTIFICATIONS_PATH = "/api/v1/rails/{rail}/notifications"
CONNECTIONS_MAX = 64


def has_own_secret(settings: Settings) -> bool:
    """Outside the demonstration a secret that stands in the documentation authenticates nobody."""
    return settings.demo or settings.sandbox_rail_secret != Settings().sandbox_rail_secret


def rail_client() -> httpx.AsyncClient:
    """The HTTP client for rails, to be closed by whoever made it. No proxy of the environment, no redirects."""
    return httpx.AsyncClient(
        timeout=httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS),
        limits=httpx.Limits(max_connections=CONNECTIONS_MAX, max_keepalive_connections=CONNECTIONS_MAX),
        trust_env=False,
    )


def gateways(settings: Settings, client: httpx.AsyncClient) -> Mapping[str, Gateway]:
    """Rail name -> gateway; none while the shared secret is the one that everybody knows, so payouts wait for a person."""
    return _sandbox(settings, client)


def payment_queries(settings: Settings, client: httpx.AsyncClient) -> Mapping[str, PaymentQuery]:
    """Rail name -> whom to ask whether a payment is ours; none of the rails that `gateways` leaves out."""
    return _sandbox(settings, client)


def _sandbox(settings: Settings, client: httpx.AsyncClient) -> Mapping[str, SandboxGateway]:
    if not has_own_secret(settings):
        return {}
    return {
        rail: SandboxGateway(
            client,
            url=settings.sandbox_rail_url,
            secret=settings.sandbox_rail_secret,
            notify_url=settings.public_url + NOTIFICATIONS_PATH.format(rail=rail),
        )
        for rail in SANDBOX_RAILS
    }


def notification_readers(settings: Settings) -> Mapping[str, NotificationReader]:
    """Rail name -> what checks its notifications, for the web process, which calls no rail."""
    if not has_own_secret(settings):
        return {}
    seal = SandboxSeal(settings.sandbox_rail_secret)
    return dict.fromkeys(SANDBOX_RAILS, seal)
