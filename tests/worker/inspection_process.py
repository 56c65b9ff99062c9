"""A worker as its own process that inspects what is due at a given time and ends: `python -m ... DATABASE FILES KEYS ISO_TIME`."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime
from pathlib import Path

from huiliu.adapters.files import LocalFiles
from huiliu.evidence.verification.lane import Lane
from huiliu.evidence.verification.near_book import NearBook
from huiliu.kit.db import create_pool
from huiliu.kit.keyring import load_keyring
from huiliu.worker.inspections import Room, run_once
from tests.make.fake_bench import PROGRAM


async def main(database: str, files: Path, keys: Path, at: datetime) -> None:
    """One round."""
    keyring = load_keyring(keys)
    lane = Lane(PROGRAM)
    async with create_pool(database, size_max=2) as pool:
        room = Room(
            pool=pool,
            files=LocalFiles(files, keyring),
            keyring=keyring,
            lanes=[lane],
            near=NearBook(pool),
            atlas_root=files,
            clock=lambda: at,
        )
        await run_once(room)
        await lane.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), datetime.fromisoformat(sys.argv[4])))
