"""Every handler of the desk."""

from __future__ import annotations

from huiliu.web.desk import claims, queue, sign_in

handlers = (*sign_in.handlers, *queue.handlers, *claims.handlers)
