"""The atlas learns only what the rail stands behind, is built by one worker, and says what it was made of."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from huiliu.evidence.inspection.model import StatusCode, Verdict
from huiliu.evidence.verification import atlas_actions, atlas_reads
from huiliu.evidence.verification.atlas_actions import ATLAS_ATTEMPTS_MAX, ATLAS_LEASE, SAMPLES_FIRST, has_outgrown
from huiliu.evidence.verification.atlas_store import SAMPLES_PER_BUYER_MAX, Growth
from huiliu.evidence.verification.jobs import Answer, Died, Learn, Question
from huiliu.evidence.verification.lane import Lane
from huiliu.evidence.verification.model import AtlasState
from huiliu.evidence.verification.payments import Paid
from huiliu.kit.db import transaction
from huiliu.kit.money import Money
from huiliu.worker import atlases
from tests.conftest import NOW
from tests.make.fake_bench import PROGRAM, scripted
from tests.worker.conftest import House

PROFILE = "1080-light"
_numbers = iter(range(10_000))


async def shown(
    house: House,
    *,
    contact: str,
    is_paid: bool = True,
    amount: str = "100.00",
    profile: str = PROFILE,
    **script: object,
) -> Verdict | None:
    """A buyer's bill, inspected; its fields agree with order, payment and rail."""
    number = next(_numbers)
    trade_no = f"20261123220099{number:014d}"
    made = await house.bought(contact=contact, rail_trade_no=trade_no)
    if is_paid:
        at = NOW - timedelta(minutes=29)
        house.books.payments[trade_no] = Paid(
            trade_no=trade_no, amount=Money(100_00), paid_at=at, status=StatusCode.PAID
        )
    fields = {"trade_no": trade_no, "amount": amount}
    data = scripted(f"atlas {number}", fields=fields, profile=profile, **script)
    return (await house.inspect(await house.hand_in(await house.claim(made), data))).verdict


async def live(house: House, profile: str = PROFILE) -> int:
    """How many pictures of a kind of screen are trusted."""
    sql = "SELECT count(*)::int FROM evidence_atlas_samples WHERE profile = %(p)s AND retired_at IS NULL"
    found = await house.value(sql, p=profile)
    assert isinstance(found, int)
    return found


async def test_only_what_agrees_was_paid_by_the_rail_and_looks_untouched_is_trusted(house: House) -> None:
    assert await shown(house, contact="13600000001") is Verdict.CONSISTENT
    assert await live(house) == 1
    assert await shown(house, contact="13600000002", is_paid=False) is Verdict.CONSISTENT
    assert await shown(house, contact="13600000003", signals=("glyph_profile",)) is Verdict.UNVERIFIABLE
    assert await shown(house, contact="13600000004", is_screenshot=False) is Verdict.CONSISTENT
    assert await shown(house, contact="13600000009", amount="900.00") is Verdict.CONTRADICTED
    assert await shown(house, contact="13600000010", missing=("paid_at",)) is Verdict.RETAKE
    assert await live(house) == 1


async def test_one_buyer_cannot_teach_the_atlas_a_font(house: House) -> None:
    for _ in range(SAMPLES_PER_BUYER_MAX + 2):
        await shown(house, contact="13600000005", profile="720-dark")
    assert await live(house, "720-dark") == SAMPLES_PER_BUYER_MAX


async def test_an_accused_honest_picture_is_counted_as_a_false_alarm(house: House) -> None:
    await shown(house, contact="13600000006", signals=("ghost",), profile="999-light", atlas="compared")
    async with transaction(house.pool, house.system()) as tx:
        alarms = {each.signal: each for each in await atlas_reads.false_alarms(tx)}
        profiles = {each.profile: each for each in await atlas_reads.profiles(tx)}
    assert (alarms["ghost"].accused, alarms["ghost"].trusted >= 1, alarms["ghost"].share > 0) == (1, True, True)
    assert (profiles["999-light"].live, profiles["999-light"].accused) == (0, 0), "there was no atlas of ours yet"


@pytest.mark.parametrize(
    ("live", "built", "is_due"),
    [
        (SAMPLES_FIRST - 1, 0, False),
        (SAMPLES_FIRST, 0, True),
        (SAMPLES_FIRST, SAMPLES_FIRST, False),
        (109, 100, False),
        (110, 100, True),
        (90, 100, True),
        (999_999, 2_000, False),
    ],
)
def test_an_atlas_is_built_again_when_much_more_or_less_is_trusted(live: int, built: int, is_due: bool) -> None:
    assert has_outgrown(Growth(1, live, built)) is is_due


async def test_an_atlas_is_wanted_once_built_by_one_worker_and_then_compared_with(house: House) -> None:
    for number in range(SAMPLES_FIRST):
        await shown(house, contact=f"1350000{number:04d}", profile="1170-light")
    assert sum(await asyncio.gather(*(atlases.want_outgrown(house.pool, clock=house.clock) for _ in range(3)))) == 1
    async with transaction(house.pool, house.system(), clock=house.clock) as tx:
        assert await atlas_actions.want_atlas(tx) is None, "one is on its way"
        (sample, *_) = await atlas_reads.samples(tx, profile="1170-light")
        assert await atlas_actions.retire_samples(tx, [sample.file_id]) == 1
        assert await atlas_actions.retire_samples(tx, [sample.file_id]) == 0
        assert await atlas_actions.retire_cluster(tx, "360-dark-old")
    stop = asyncio.Event()
    house.clock.advance(minutes=1)
    built = await asyncio.gather(*(atlases.run_once(house.room, stop, make_lane=a_lane) for _ in range(2)))
    assert sorted(built) == [0, 1]
    async with transaction(house.pool, house.system(), clock=house.clock) as tx:
        (row, *_) = await atlas_reads.atlas_versions(tx)
        (cluster,) = await atlas_reads.clusters(tx, version=row.version)
        assert await atlas_reads.current_atlas(tx) == row.version
    trusted = await house.value("SELECT count(*)::int FROM evidence_atlas_samples WHERE retired_at IS NULL")
    assert (row.state, row.samples, row.profiles, row.glyphs) == (AtlasState.READY, trusted, 1, 40)
    assert cluster.pictures == trusted
    folder = house.room.atlas_folder(house.platform_id, row.version)
    assert (folder / "atlas.json").read_text() == "360-dark-old"
    await shown(house, contact="13600000007", profile="1170-light", atlas="compared")
    assert await house.value("SELECT max(atlas_version) FROM evidence_inspections") == row.version
    assert await atlases.want_outgrown(house.pool, clock=house.clock) == 0


async def test_what_was_left_out_can_be_taken_in_again(house: House) -> None:
    await shown(house, contact="13600000008", profile="800-dark")
    async with transaction(house.pool, house.system(), clock=house.clock) as tx:
        assert await atlas_actions.retire_profile(tx, "800-dark") == 1
        (sample,) = await atlas_reads.samples(tx, profile="800-dark")
        assert (sample.retired_at, sample.retired_by) == (house.clock.now, "系统")
        assert await atlas_actions.restore_profile(tx, "800-dark") == 1
        await atlas_actions.retire_cluster(tx, "800-dark-1")
        assert "800-dark-1" in {each.cluster for each in await atlas_reads.retired_clusters(tx)}
        assert await atlas_actions.restore_cluster(tx, "800-dark-1")
        assert await atlas_actions.restore_samples(tx, [sample.file_id]) == 0


class Forgetful:
    """A process that dies at the third picture, so that all it had learnt is gone."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._learnt = 0

    async def ask(self, question: Question) -> Answer:
        """As the real one, until it dies."""
        if isinstance(question, Learn):
            self._learnt += 1
            if self._learnt > 2:
                return Died(why="killed")
        return await self._lane.ask(question)

    async def close(self) -> None:
        """End it."""
        await self._lane.close()


async def test_an_atlas_whose_process_dies_is_tried_again_and_the_one_before_stays_in_use(house: House) -> None:
    async with transaction(house.pool, house.system(), clock=house.clock) as tx:
        before = await atlas_reads.current_atlas(tx)
        wanted = await atlas_actions.want_atlas(tx)
    stop = asyncio.Event()
    for attempt in range(ATLAS_ATTEMPTS_MAX + 1):
        house.clock.advance(seconds=1)
        assert await atlases.run_once(house.room, stop, make_lane=lambda: Forgetful(a_lane())) == 1
        assert await atlases.run_once(house.room, stop, make_lane=a_lane) == 0, "its lease holds"
        async with transaction(house.pool, house.system(), clock=house.clock) as tx:
            (row, *_) = await atlas_reads.atlas_versions(tx)
            assert await atlas_reads.current_atlas(tx) == before
        assert row.version == wanted
        assert row.state is (AtlasState.BUILDING if attempt < ATLAS_ATTEMPTS_MAX else AtlasState.FAILED)
        house.clock.now += ATLAS_LEASE


async def test_an_atlas_of_which_half_was_forgotten_on_the_way_is_not_used(house: House) -> None:
    for number in range(3):
        await shown(house, contact=f"1340000{number:04d}", profile="640-light")
    async with transaction(house.pool, house.system(), clock=house.clock) as tx:
        before = await atlas_reads.current_atlas(tx)
        assert await atlas_actions.want_atlas(tx) is not None
    assert await atlases.run_once(house.room, asyncio.Event(), make_lane=lambda: Lane(PROGRAM, questions_max=2)) == 1
    async with transaction(house.pool, house.system(), clock=house.clock) as tx:
        (row, *_) = await atlas_reads.atlas_versions(tx)
        assert (row.state, await atlas_reads.current_atlas(tx)) == (AtlasState.BUILDING, before)


def a_lane() -> Lane:
    """A process for one building."""
    return Lane(PROGRAM, questions_max=10_000)
