"""Every handler of the desk."""

from __future__ import annotations

from huiliu.web.desk import (
    atlas,
    claims,
    file_page,
    orders,
    payouts,
    policies,
    queue,
    settings,
    sign_in,
    suspicion,
    suspicions,
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
    *file_page.handlers,
    *suspicions.handlers,
    *suspicion.handlers,
    *orders.handlers,
    *payouts.handlers,
    *policies.handlers,
    *workshop.handlers,
    *workshop_try.handlers,
    *workshop_compare.handlers,
    *workshop_publish.handlers,
    *workshop_replay.handlers,
    *atlas.handlers,
    *settings.handlers,
)
