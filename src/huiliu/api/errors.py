"""Every 'no' that only the API says. The features' own refusals pass through as they are."""

from __future__ import annotations

from huiliu.kit.errors import Refusal


class KeyMissing(Refusal):
    """Neither an API key nor a signature came with the request."""

    code = "api.key_missing"
    status = 401


class NoSuchRoute(Refusal):
    """There is nothing at this address."""

    code = "api.no_such_route"
    status = 404


class WrongMethod(Refusal):
    """This address does not take this method. facts: method."""

    code = "api.wrong_method"
    status = 405


class BodyTooLarge(Refusal):
    """The body is beyond what this route takes. facts: most (bytes)."""

    code = "api.body_too_large"
    status = 413


class NotJson(Refusal):
    """The body is not declared as JSON in UTF-8. facts: given."""

    code = "api.not_json"
    status = 415


class EmptyBody(Refusal):
    """A JSON body was expected and nothing came."""

    code = "api.empty_body"
    status = 400


class NotUtf8(Refusal):
    """The body is in some other encoding, GBK most likely. facts: byte."""

    code = "api.not_utf8"
    status = 400


class MalformedJson(Refusal):
    """The body breaks off or breaks JSON's rules. facts: byte, detail."""

    code = "api.malformed_json"
    status = 400


class FieldBad(Refusal):
    """One field does not say what it must. facts: field, problem (a key under api.field), and what belongs to it."""

    code = "api.field_bad"
    status = 422


class CursorBad(Refusal):
    """The cursor is not one that a page handed out."""

    code = "api.cursor_bad"
    status = 422


class KeyNeeded(Refusal):
    """This route moves money: it wants an Idempotency-Key."""

    code = "idempotency.key_needed"
    status = 400


class KeyBad(Refusal):
    """An idempotency key is 1 to 200 visible ASCII characters. facts: most."""

    code = "idempotency.key_bad"
    status = 400


class Unreadable(Refusal):
    """The request breaks a rule of HTTP."""

    code = "api.unreadable"
    status = 400


class Busy(Refusal):
    """The database or a lock did not answer in time; nothing was changed. facts: retry_after (seconds)."""

    code = "api.busy"
    status = 503


class Broken(Refusal):
    """A bug of ours. Nothing was changed."""

    code = "api.broken"
    status = 500
