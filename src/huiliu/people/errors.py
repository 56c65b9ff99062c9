"""Every 'no' at the door. What could tell a stranger who exists is one refusal with one set of words."""

from __future__ import annotations

from huiliu.kit.errors import Refusal


class SignInFailed(Refusal):
    """Login, password or code is wrong, or the account is paused or closed: which of them is nobody's business."""

    code = "people.sign_in_failed"
    status = 401


class EnrolmentStale(Refusal):
    """The page that sets up the authenticator has expired or was already used."""

    code = "people.enrolment_stale"
    status = 409


class EnrolmentCodeWrong(Refusal):
    """The code does not belong to the secret just shown."""

    code = "people.enrolment_code_wrong"
    status = 422


class RolesConflict(Refusal):
    """Whoever administers a platform does not also decide about its money."""

    code = "people.roles_conflict"
    status = 422


class LookupFailed(Refusal):
    """No such order, or the secret is not this order's: the same answer on purpose."""

    code = "people.lookup_failed"
    status = 404


class CodeWrong(Refusal):
    """The one-time code is wrong, used, expired or tried too often."""

    code = "people.code_wrong"
    status = 401


class KeyInvalid(Refusal):
    """The API key is malformed, unknown, revoked or its secret is wrong."""

    code = "people.key_invalid"
    status = 401


class SignatureIncomplete(Refusal):
    """A header of the signature is missing or malformed. facts: header."""

    code = "people.signature_incomplete"
    status = 401


class SignatureInvalid(Refusal):
    """Key, secret or signed text do not fit together."""

    code = "people.signature_invalid"
    status = 401


class TimestampStale(Refusal):
    """The signed time is too far from the server's. facts: seconds_off, seconds_max."""

    code = "people.timestamp_stale"
    status = 401


class Replayed(Refusal):
    """This signed request was accepted once already."""

    code = "people.replayed"
    status = 409


class ScopeMissing(Refusal):
    """The key was not made for this. facts: scope."""

    code = "people.scope_missing"
    status = 403


class LoginTaken(Refusal):
    """Another member of staff has this login."""

    code = "people.login_taken"
    status = 409
    constraint = "staff_login"


class SlugTaken(Refusal):
    """Another platform has this short name."""

    code = "people.slug_taken"
    status = 409
    constraint = "platforms_slug_key"


class LastAdmin(Refusal):
    """The platform would be left without anybody who can administer it."""

    code = "people.last_admin"
    status = 409


class PasswordWeak(Refusal):
    """Too short, too long, or with characters that cannot be typed. facts: length_min, length_max."""

    code = "people.password_weak"
    status = 422


class LoginMalformed(Refusal):
    """A login is 2 to 60 visible characters without spaces. facts: length_min, length_max."""

    code = "people.login_malformed"
    status = 422


class NameMalformed(Refusal):
    """A name is missing, too long or has characters that cannot be shown. facts: length_max."""

    code = "people.name_malformed"
    status = 422


class SlugMalformed(Refusal):
    """A platform's short name is part of every address."""

    code = "people.slug_malformed"
    status = 422


class ContactMalformed(Refusal):
    """Neither a telephone number, nor a QQ number, nor an e-mail address. facts: length_max."""

    code = "people.contact_malformed"
    status = 422
