"""Every handler of the desk."""

from __future__ import annotations

from huiliu.web.desk import (
    claims,
    orders,
    payouts,
    policies,
    queue,
    settings,
    sign_in,
    workshop,
    workshop_compare,
    workshop_publish,
    workshop_replay,
    workshop_try,
)

handlers = (
    *sign_in.handlers,
    *queue.handlers,
    *claims.handlers,
    *orders.handlers,
    *payouts.handlers,
    *policies.handlers,
    *workshop.handlers,
    *workshop_try.handlers,
    *workshop_compare.handlers,
    *workshop_publish.handlers,
    *workshop_replay.handlers,
    *settings.handlers,
)
