"""Every 'no' about suspicions. The words are in locale/<lang>/evidence_suspicion.toml."""

from __future__ import annotations

from huiliu.kit.errors import Conflict, Refusal


class NoContradiction(Refusal):
    """No record contradicts this picture in this check: doubt about pixels alone is nobody's fault."""

    code = "evidence_suspicion.no_contradiction"
    status = 422
    constraint = "suspicion_needs_contradiction"


class NotTheBuyers(Refusal):
    """What the platform put in itself cannot be held against the buyer."""

    code = "evidence_suspicion.not_the_buyers"
    status = 422


class NobodyToHold(Refusal):
    """The order has no contact, so nothing could follow its buyer; decide the claim itself."""

    code = "evidence_suspicion.nobody"
    status = 422


class SuspectedAlready(Refusal):
    """This file is looked at already, or was, and it was found wrong to hold it against anybody."""

    code = "evidence_suspicion.already"
    status = 409
    constraint = "suspicion_once"


class SuspicionChanged(Conflict):
    """Somebody else moved it between your reading and your deciding."""

    code = "evidence_suspicion.changed"


class SuspicionMoveNotAllowed(Conflict):
    """It is not in a state where this can happen. facts: state, move."""

    code = "evidence_suspicion.move_not_allowed"
    constraint = "suspicion_moves"


class SuspicionStays(Conflict):
    """What somebody proposed or confirmed cannot be rewritten while it is confirmed or afterwards."""

    code = "evidence_suspicion.stays"
    constraint = "suspicion_stays"


class SuspicionSamePerson(Refusal):
    """A severe restriction is confirmed by another person than the one who proposed it."""

    code = "evidence_suspicion.same_person"
    status = 403
    constraint = "suspicion_two_people"


class SuspicionNeedsPerson(Refusal):
    """Nothing is confirmed without the person who confirms it."""

    code = "evidence_suspicion.needs_person"
    status = 403
    constraint = "suspicion_needs_person"


class LiftedByAnother(Refusal):
    """Whoever proposed or confirmed it does not lift it."""

    code = "evidence_suspicion.lifted_by_another"
    status = 403
    constraint = "suspicion_lifted_by_another"


class SuspicionIncomplete(Refusal):
    """A suspicion needs its note; a proposal its clause and its words. facts: field."""

    code = "evidence_suspicion.incomplete"
    status = 422


class SuspicionTooLong(Refusal):
    """The text is longer than fits. facts: field, most."""

    code = "evidence_suspicion.too_long"
    status = 422
