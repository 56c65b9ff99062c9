"""Which clocks run on a claim and how long each is."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from huiliu.deadlines.calendar import Due, WorkingCalendar, add_natural

DAY_SECONDS = 86_400


class ClockKind(StrEnum):
    """Who must act, by the clock's name."""

    REVIEW = "review"
    """The platform must decide; past it the claim goes to mediation by itself."""
    MATERIAL = "material"
    """The buyer was asked for material; past it the reviewer decides on what is there."""
    PROOF = "proof"
    """The platform must prove; past it the presumption in the buyer's favour holds."""
    CONFIRM = "confirm"
    """A second person must confirm; shown, and sorted by, but nothing happens by itself with money."""
    MEDIATION = "mediation"
    """The arbitrator must decide."""


class Unit(StrEnum):
    """What a length counts in: promises in days of work and in natural time are different promises."""

    WORKING_DAYS = "working_days"
    NATURAL_SECONDS = "natural_seconds"


class Length(msgspec.Struct, frozen=True):
    """How long a clock runs: a count of its unit."""

    count: int
    unit: Unit

    def due(self, start: datetime, calendar: WorkingCalendar) -> Due:
        """When it runs out, with its reasons."""
        if self.unit is Unit.WORKING_DAYS:
            return calendar.add_working_days(start, self.count)
        return add_natural(start, timedelta(seconds=self.count))


class Lengths(msgspec.Struct, frozen=True, kw_only=True):
    """Every length a policy may set, with the product's defaults.

    Sources: 3 working days for a review is the promise buyers hold platforms to; 48 hours and 7 days are the marketplaces'
    customs for proof, for adding material, for applying again and for calling the platform in. An appeal against a
    restriction is answered in the time of a mediation.
    """

    review: Length = Length(3, Unit.WORKING_DAYS)
    material: Length = Length(7 * DAY_SECONDS, Unit.NATURAL_SECONDS)
    proof: Length = Length(2 * DAY_SECONDS, Unit.NATURAL_SECONDS)
    confirm: Length = Length(1, Unit.WORKING_DAYS)
    mediation: Length = Length(5, Unit.WORKING_DAYS)
    appeal: Length = Length(5, Unit.WORKING_DAYS)
    reapply: Length = Length(7 * DAY_SECONDS, Unit.NATURAL_SECONDS)
    escalate: Length = Length(7 * DAY_SECONDS, Unit.NATURAL_SECONDS)
