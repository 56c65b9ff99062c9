"""One-time codes (平台核验截图): shown by the page, written by the buyer into the picture, good for one claim and slot.

An old picture, or one from somebody else, cannot show a code that did not exist when it was made.
"""

from __future__ import annotations

from uuid import UUID

from huiliu.evidence import store as evidence_store
from huiliu.evidence.slots import slot_by_code
from huiliu.evidence.verification import store
from huiliu.evidence.verification.model import CODE_SLOT_DEFAULT, OneTimeCode, code_lifetime
from huiliu.evidence.video.code import new_code
from huiliu.kit.db import Tx
from huiliu.kit.errors import NotFound
from huiliu.kit.ids import new_id


async def issue_code(tx: Tx, claim_id: UUID, *, slot: str = CODE_SLOT_DEFAULT) -> OneTimeCode:
    """The code to show for this slot: the same one again while it is good and unused. Raises NotFound, UnknownSlot."""
    slot_by_code(slot)
    # The claim's row guards its codes: two pages opened at once show one code.
    if not await evidence_store.lock_claim(tx, claim_id):
        raise NotFound
    live = await live_code(tx, claim_id, slot=slot)
    if live is not None:
        return live
    fresh = OneTimeCode(
        id=new_id(),
        claim_id=claim_id,
        slot=slot,
        code=new_code(),
        issued_at=tx.now,
        expires_at=tx.now + code_lifetime(),
    )
    await store.insert_code(tx, fresh)
    return fresh


async def live_code(tx: Tx, claim_id: UUID, *, slot: str = CODE_SLOT_DEFAULT) -> OneTimeCode | None:
    """The code that is good for this slot now, if one was issued."""
    return await tx.one(
        OneTimeCode,
        """
        SELECT id, claim_id, slot, code, issued_at, expires_at, used_by_file, used_at
          FROM evidence_codes
         WHERE platform_id = %(platform_id)s AND claim_id = %(claim_id)s AND slot = %(slot)s
           AND expires_at > %(now)s AND used_by_file IS NULL
         ORDER BY issued_at DESC, id DESC LIMIT 1
        """,
        platform_id=tx.platform_id,
        claim_id=claim_id,
        slot=slot,
        now=tx.now,
    )
