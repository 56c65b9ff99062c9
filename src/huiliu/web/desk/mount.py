"""Every handler of the desk."""

from __future__ import annotations

from huiliu.web.desk import claims, orders, payouts, policies, queue, settings, sign_in

handlers = (
    *sign_in.handlers,
    *queue.handlers,
    *claims.handlers,
    *orders.handlers,
    *payouts.handlers,
    *policies.handlers,
    *settings.handlers,
)
