"""What follows from a finding, where it needs the claim: its clause, the working calendar, its window to apply again."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from huiliu.claims import store
from huiliu.claims.model import DecisionIncomplete, State
from huiliu.claims.reads import claim_by_id
from huiliu.deadlines.model import Lengths
from huiliu.deadlines.reads import working_calendar
from huiliu.evidence.suspicion import actions as suspicions
from huiliu.evidence.suspicion.model import Sanction
from huiliu.evidence.suspicion.reads import load_suspicion
from huiliu.kit.db import Tx
from huiliu.kit.keyring import Keyring
from huiliu.orders.model import CONTACT_CONTEXT
from huiliu.people.model import Buyer, Staff
from huiliu.people.restrictions import actions as restrictions
from huiliu.people.restrictions.model import Answer, Outcome, Restriction
from huiliu.policy.reads import load_policy


async def propose_restriction(
    tx: Tx, staff: Staff, suspicion_id: UUID, *, version: int, sanction: Sanction
) -> Restriction | None:
    """Say what should follow from a suspicion; None: it waits for a second person.

    Raises DecisionIncomplete for a clause that the buyer cannot read, and what evidence.suspicion.actions.propose raises.
    """
    found = await load_suspicion(tx, staff, suspicion_id)
    claim = await claim_by_id(tx, found.claim_id)
    clause = sanction.clause.strip()
    if clause and claim.policy_id is not None:
        policy = (await load_policy(tx, claim.policy_id)).policy
        if policy.clause(clause) is None:
            raise DecisionIncomplete(field="clause")
    return await suspicions.propose(tx, staff, suspicion_id, version=version, sanction=sanction)


async def appeal_restriction(
    tx: Tx, buyer: Buyer, restriction_id: UUID, *, words: str, file_ids: Sequence[UUID] = ()
) -> Restriction:
    """The buyer's one appeal, to be answered in working days; unanswered by then, the restriction stops holding.

    Raises NotFound, AppealedAlready, AppealTooLate, AppealFiles, RestrictionIncomplete, RestrictionTooLong.
    """
    due = Lengths().appeal.due(tx.now, await working_calendar(tx))
    return await restrictions.appeal(
        tx, buyer, restriction_id, words=words, file_ids=file_ids, due_at=due.at, is_estimated=due.is_estimated
    )


async def answer_appeal(tx: Tx, staff: Staff, restriction_id: UUID, *, version: int, answer: Answer) -> Restriction:
    """Decide an appeal. Lifted restores: also the time to apply again for the claim that the finding was about.

    Raises NotFound, NotAllowed, AppealOwnFinding, AppealDecided, RestrictionChanged, RestrictionMoveNotAllowed, NotMilder.
    """
    after = await suspicions.decide_appeal(tx, staff, restriction_id, version=version, decided=answer)
    if answer.outcome is Outcome.LIFTED:
        await _restore_claim(tx, after)
    return after


async def lift_restriction(tx: Tx, staff: Staff, restriction_id: UUID, *, version: int, note: str) -> Restriction:
    """Undo a finding that turned out wrong, without waiting for an appeal; restores as answer_appeal does."""
    after = await suspicions.lift(tx, staff, restriction_id, version=version, note=note)
    await _restore_claim(tx, after)
    return after


async def contact_to_tell(tx: Tx, restriction: Restriction, *, keyring: Keyring) -> str | None:
    """Where the notice goes, when the order kept a contact. Send after the transaction, never inside."""
    sealed = await tx.value(
        "SELECT contact_sealed FROM orders WHERE platform_id = %(platform)s AND id = %(id)s LIMIT 1",
        platform=tx.platform_id,
        id=restriction.order_id,
    )
    return keyring.open(sealed, context=CONTACT_CONTEXT) if isinstance(sealed, bytes) else None


async def _restore_claim(tx: Tx, restriction: Restriction) -> None:
    """Days that went by under a wrong finding are not the buyer's: the windows after a rejection run anew from now."""
    claim = await claim_by_id(tx, restriction.claim_id)
    if claim.state is State.REJECTED:
        await store.reopen_windows(tx, claim)
