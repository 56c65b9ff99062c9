"""A request that creates something takes effect once, however often it is sent.

The answer is written in the same transaction as the effect, as its last statement. So nothing has to be asked before:
a repeat runs into the effect's own walls or into the key's, is rolled back whole, and gets the first answer. That saves
the busiest route a statement and a round trip. Routes whose work is worth avoiding look first.

A refusal is not kept: nothing happened, and the same request may succeed once its cause is gone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from huiliu.api.context import Answer, Call, Mark
from huiliu.kit.db import Tx
from huiliu.kit.errors import Refusal
from huiliu.kit.idempotency import Kept, OtherBody, find, keep

ANSWER_CONTEXT = "idempotency_keys.answer"

Effect = Callable[[Tx], Awaitable[Answer]]


async def once(
    call: Call, effect: Effect, *, batched: bool = False, looks_first: bool = True, seals: bool = False
) -> Answer:
    """Run `effect` in one transaction, or replay its answer. Raises OtherBody and whatever `effect` refuses.

    `seals`: the answer shows a secret, so it is kept encrypted.
    """
    mark = call.mark
    if mark is None:
        async with call.transaction(batched=batched) as tx:
            return await effect(tx)
    try:
        async with call.transaction(batched=batched) as tx:
            kept = await _find(tx, call, mark) if looks_first else None
            if kept is None:
                made = await effect(tx)
                await _keep(tx, call, mark, made, seals=seals)
                return made
    except OtherBody:
        raise
    except Refusal:
        async with call.transaction() as tx:
            kept = await _find(tx, call, mark)
        if kept is None:
            raise
    return _replay(call, kept, seals=seals)


async def _find(tx: Tx, call: Call, mark: Mark) -> Kept | None:
    return await find(tx, scope=call.idempotency_scope, key=mark.key, request_hash=mark.request_hash)


async def _keep(tx: Tx, call: Call, mark: Mark, made: Answer, *, seals: bool) -> None:
    content = call.house.keyring.seal_bytes(made.content, context=ANSWER_CONTEXT) if seals else made.content
    await keep(
        tx,
        scope=call.idempotency_scope,
        key=mark.key,
        request_hash=mark.request_hash,
        status=made.status,
        answer=content,
    )


def _replay(call: Call, kept: Kept, *, seals: bool) -> Answer:
    content = call.house.keyring.open_bytes(kept.answer, context=ANSWER_CONTEXT) if seals else kept.answer
    return Answer(kept.status, content, is_replay=True)
