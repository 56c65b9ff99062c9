"""Kill a real worker at every step of an inspection: nothing is lost, nothing is done twice, and no process stays behind."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from huiliu.evidence.errors import FileDamaged
from huiliu.evidence.verification.actions import LEASE
from huiliu.evidence.verification.model import Problem, Step
from huiliu.kit.keyring import Keyring, create_keyring, load_keyring
from tests.make.fake_bench import PROGRAM, scripted
from tests.worker.conftest import House

WAIT_SECONDS = 60.0
POINTS = ("inspection.after_lease", "inspection.after_reading", "inspection.before_verdict", "inspection.after_verdict")


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key file that the other process reads too."""
    path = tmp_path_factory.mktemp("shared-keys") / "keys.toml"
    create_keyring(path)
    return path


@pytest.fixture(scope="session")
def keyring(keys: Path) -> Keyring:
    """The same keys here."""
    return load_keyring(keys)


async def work(house: House, db_url: str, keys: Path, *, kill_at: str) -> int:
    """One round of a worker process; its exit status."""
    root = house.room.atlas_root
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.worker.inspection_process",
        db_url,
        str(root),
        str(keys),
        house.clock.now.isoformat(),
        env=os.environ | {"HUILIU_KILL_AT": kill_at},
    )
    async with asyncio.timeout(WAIT_SECONDS):
        return await process.wait()


@pytest.mark.parametrize("point", POINTS)
async def test_a_worker_killed_anywhere_loses_nothing_and_does_nothing_twice(
    house: House, db_url: str, keys: Path, point: str
) -> None:
    claim_id = await house.claim()
    file_id = await house.hand_in(claim_id, scripted(point, fields={"amount": "100.00"}))
    assert await work(house, db_url, keys, kill_at=point) == -signal.SIGKILL
    is_over = point == "inspection.after_verdict"
    assert (await house.found(file_id)).is_under_way is not is_over
    assert (await house.inspect(file_id)).is_under_way is not is_over, "the dead worker's lease holds"
    house.clock.now += LEASE
    found = await house.inspect(file_id)
    assert (found.state, found.attempts) == (Step.DONE, 1 if is_over else 2)
    assert await house.journal(claim_id) == ["evidence.added", "evidence.inspected"]
    kinds = await house.value(
        "SELECT string_agg(kind, ' ' ORDER BY kind) FROM evidence_keys WHERE file_id = %(id)s", id=file_id
    )
    assert kinds == "original shown"
    assert await _inspecting_processes() == []


async def test_a_worker_killed_before_a_private_document_is_destroyed_leaves_that_to_the_next(
    house: House, db_url: str, keys: Path
) -> None:
    file_id = await house.hand_in(await house.claim(), scripted("private", do="private"))
    original = await house.value("SELECT original_sha256 FROM evidence_files WHERE id = %(id)s", id=file_id)
    assert isinstance(original, bytes)
    assert await work(house, db_url, keys, kill_at="inspection.after_refusal") == -signal.SIGKILL
    assert await house.files.original(house.platform_id, original), "refused, and not yet destroyed"
    assert (await house.found(file_id)).state is Step.REFUSED
    house.clock.now += LEASE
    found = await house.inspect(file_id)
    assert (found.state, found.problem) == (Step.REFUSED, Problem.PRIVATE_DOCUMENT)
    with pytest.raises(FileDamaged):
        await house.files.original(house.platform_id, original)
    assert await house.value("SELECT due_at FROM evidence_inspections WHERE file_id = %(id)s", id=file_id) is None


async def test_a_file_that_kills_every_worker_is_left_to_a_person(house: House, db_url: str, keys: Path) -> None:
    file_id = await house.hand_in(await house.claim(), scripted("poison"))
    for _ in range(3):
        assert await work(house, db_url, keys, kill_at="inspection.after_lease") == -signal.SIGKILL
        house.clock.now += LEASE
    found = await house.inspect(file_id)
    assert (found.state, found.problem) == (Step.FAILED, Problem.TOO_HEAVY)


async def _inspecting_processes() -> list[int]:
    """Lanes of workers that are gone; they end when they notice, so a moment is allowed."""
    left: list[int] = []
    for _ in range(100):
        left = [process.pid for process in psutil.process_iter(["cmdline", "ppid"]) if _is_orphan(process)]
        if not left:
            break
        await asyncio.sleep(0.05)
    return left


def _is_orphan(process: psutil.Process) -> bool:
    return PROGRAM in (process.info["cmdline"] or []) and process.info["ppid"] in (0, 1)
