"""A worker as its own process that does one round at a given time and ends: `python -m ... DATABASE RAIL ISO_TIME`."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime

import httpx

from huiliu.adapters.rails.sandbox import SandboxGateway
from huiliu.kit.db import create_pool
from huiliu.worker.payouts import Desk, run_once
from tests.payouts.conftest import BOOKS_ONLY
from tests.simulators.rail import SECRET


async def main(database: str, rail: str, at: datetime) -> None:
    """One round."""
    async with create_pool(database, size_max=2) as pool, httpx.AsyncClient(trust_env=False) as client:
        gateway = SandboxGateway(client, url=rail, secret=SECRET)
        await run_once(
            Desk(pool=pool, gateways={"sandbox": gateway}, consequences=BOOKS_ONLY, clock=lambda: at, lanes=1)
        )


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], datetime.fromisoformat(sys.argv[3])))
