"""Every 'no' about restrictions and appeals. The words are in locale/<lang>/people_restrictions.toml."""

from __future__ import annotations

from huiliu.kit.errors import Conflict, Refusal


class Suspended(Refusal):
    """No new claims until then; what to do meanwhile is in the words. facts: until."""

    code = "people_restrictions.suspended"
    status = 403


class NeedsPerson(Refusal):
    """This claim is decided by a person, not by a machine's key."""

    code = "people_restrictions.needs_person"
    status = 403


class DaysOutOfRange(Refusal):
    """A restriction of this level lasts from one day to `most`. facts: most."""

    code = "people_restrictions.days_out_of_range"
    status = 422


class RestrictionIncomplete(Refusal):
    """A restriction, an appeal and its answer each need their words. facts: field."""

    code = "people_restrictions.incomplete"
    status = 422


class RestrictionTooLong(Refusal):
    """The text is longer than fits. facts: field, most."""

    code = "people_restrictions.too_long"
    status = 422


class RestrictionChanged(Conflict):
    """Somebody else moved the restriction between your reading and your deciding."""

    code = "people_restrictions.changed"


class RestrictionMoveNotAllowed(Conflict):
    """The restriction is not in a state where this can happen. facts: state, move."""

    code = "people_restrictions.move_not_allowed"
    constraint = "restriction_moves"


class AppealedAlready(Refusal):
    """There is one appeal for a restriction."""

    code = "people_restrictions.appealed_already"
    status = 409
    constraint = "appeal_once"


class AppealTooLate(Refusal):
    """The finding no longer counts, so there is nothing left to appeal."""

    code = "people_restrictions.appeal_too_late"
    status = 409


class AppealFiles(Refusal):
    """Files named in an appeal are the buyer's own, of the same claim, and few. facts: most."""

    code = "people_restrictions.appeal_files"
    status = 422


class AppealDecided(Conflict):
    """Somebody has decided this appeal already."""

    code = "people_restrictions.appeal_decided"
    constraint = "appeal_decided_once"


class AppealOwnFinding(Refusal):
    """Whoever had a part in the finding does not decide about it again."""

    code = "people_restrictions.own_finding"
    status = 403
    constraint = "appeal_decided_by_another"


class NotMilder(Refusal):
    """Lessened means a milder level or an earlier end, and never more than before."""

    code = "people_restrictions.not_milder"
    status = 422
    constraint = "restriction_never_harder"
