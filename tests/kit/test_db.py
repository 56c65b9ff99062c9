"""The walls that every feature leans on."""

from huiliu.kit.db import Actor, ActorKind, Pool, Tx, transaction


async def test_a_transaction_sees_only_its_own_platform(tx: Tx, pool: Pool, platforms: dict[str, int]) -> None:
    await tx.run("INSERT INTO rate_counters VALUES (%(platform)s, 'mine', now(), 1)", platform=platforms["kamen"])
    assert await tx.value("SELECT count(*) FROM rate_counters WHERE bucket = 'mine'") == 1
    stranger = Actor(ActorKind.SYSTEM, platforms["xingka"], "system", "系统")
    async with transaction(pool, stranger) as other:
        assert await other.value("SELECT count(*) FROM rate_counters WHERE bucket = 'mine'") == 0


async def test_the_running_role_cannot_rewrite_the_journal(pool: Pool, system: Actor) -> None:
    async with transaction(pool, system) as tx:
        assert await tx.value("SELECT has_table_privilege('journal', 'UPDATE')") is False
        assert await tx.value("SELECT has_table_privilege('journal', 'DELETE')") is False
        assert await tx.value("SELECT has_table_privilege('ledger_transfers', 'UPDATE')") is False
