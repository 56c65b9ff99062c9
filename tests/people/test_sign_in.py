"""Staff come in with a password and a code; everybody else gets one answer."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from statistics import median

import pytest
from msgspec import structs

from huiliu.kit.db import Pool, transaction
from huiliu.kit.errors import NotAllowed, NotFound, TooMany
from huiliu.kit.keyring import Keyring
from huiliu.people import totp
from huiliu.people.actor import actor_of, system_actor
from huiliu.people.errors import (
    EnrolmentCodeWrong,
    EnrolmentStale,
    LastAdmin,
    LoginMalformed,
    LoginTaken,
    NameMalformed,
    RolesConflict,
    SignInFailed,
)
from huiliu.people.model import Platform, PlatformSettings, Role, Staff
from huiliu.people.passwords import hash_password
from huiliu.people.platforms import change_settings
from huiliu.people.rate import bucket, client_of, spend
from huiliu.people.reads import active_staff, staff_by_login, staff_list
from huiliu.people.sessions import load_session, open_staff_session
from huiliu.people.sign_in import (
    FAILURES_PER_ADDRESS_MAX,
    LOCK_OUT,
    EnrolFirst,
    SignedIn,
    enrolment_again,
    finish_enrolment,
    sign_in,
)
from huiliu.people.staff import create_staff, disable_staff, operator, reset_staff
from tests.people.conftest import ADDRESS, PASSWORD, Clock, Hire, Signer, journal_kinds

NEW_PASSWORD = "another password 1"


class Desk:
    """The desk's sign-in form."""

    def __init__(self, pool: Pool, keyring: Keyring, shop: Platform, clock: Clock) -> None:
        self.pool, self.keyring, self.shop, self.clock = pool, keyring, shop, clock

    async def sign_in(
        self, login: str, password: str, code: str, *, address: str = ADDRESS, old_token: str | None = None
    ) -> SignedIn | EnrolFirst:
        return await sign_in(
            self.pool,
            self.keyring,
            platform=self.shop,
            login=login,
            password=password,
            code=code,
            address=address,
            old_token=old_token,
            clock=self.clock,
        )

    async def come_in(self, signer: Signer, *, old_token: str | None = None) -> SignedIn:
        done = await self.sign_in(signer.staff.login, signer.password, signer.code(self.clock), old_token=old_token)
        assert isinstance(done, SignedIn)
        return done

    async def is_in(self, token: str) -> Staff | None:
        async with transaction(self.pool, system_actor(self.shop.id), clock=self.clock) as tx:
            session = await load_session(tx, token)
        if session is None:
            return None
        assert isinstance(session.viewer, Staff)
        return session.viewer

    async def hire_without_authenticator(self, login: str, password_hash: str) -> Staff:
        async with transaction(self.pool, system_actor(self.shop.id), clock=self.clock) as tx:
            return await create_staff(
                tx,
                operator(self.shop.id),
                keyring=self.keyring,
                login=login,
                name="小顾",
                roles={Role.AGENT},
                password_hash=password_hash,
            )

    async def finish(self, ticket: str, code: str) -> SignedIn:
        return await finish_enrolment(
            self.pool, self.keyring, platform=self.shop, ticket=ticket, code=code, clock=self.clock
        )


@pytest.fixture
def desk(pool: Pool, keyring: Keyring, shop: Platform, clock: Clock) -> Desk:
    return Desk(pool, keyring, shop, clock)


async def test_password_and_code_open_a_session_with_the_persons_roles(desk: Desk, hire: Hire) -> None:
    heshen = await hire()
    done = await desk.come_in(heshen)
    assert done.staff == heshen.staff
    assert await desk.is_in(done.session.token) == heshen.staff


@pytest.mark.parametrize("login", [" HeShen ", "ｈｅｓｈｅｎ"])
async def test_a_login_may_be_typed_in_any_case_and_width(desk: Desk, hire: Hire, login: str) -> None:
    heshen = await hire()
    assert isinstance(await desk.sign_in(login, heshen.password, heshen.code(desk.clock)), SignedIn)


async def test_whatever_is_wrong_the_answer_is_the_same(desk: Desk, hire: Hire) -> None:
    heshen = await hire()
    gone = await hire("gone", "离职")
    async with transaction(desk.pool, system_actor(desk.shop.id), clock=desk.clock) as tx:
        await disable_staff(tx, operator(desk.shop.id), staff_id=gone.staff.id)
    right = heshen.code(desk.clock)
    wrong_code = f"{(int(right) + 1) % 10**6:06d}"
    for login, password, code in (
        ("nobody", heshen.password, right),
        ("heshen", "wrong password", right),
        ("heshen", heshen.password, wrong_code),
        ("heshen", heshen.password, ""),
        ("gone", gone.password, gone.code(desk.clock)),
        ("", "", ""),
        ("\0", "\0", "\0"),
        ("x" * 100_000, "y" * 100_000, "z" * 100_000),
    ):
        with pytest.raises(SignInFailed) as refused:
            await desk.sign_in(login, password, code)
        assert refused.value.facts == {}


async def test_an_unknown_login_is_refused_as_slowly_as_a_wrong_password(desk: Desk, hire: Hire) -> None:
    await hire()

    async def cost(login: str) -> float:
        spent: list[float] = []
        for _ in range(3):
            before = time.process_time()
            with pytest.raises(SignInFailed):
                await desk.sign_in(login, "wrong password", "123456")
            spent.append(time.process_time() - before)
        return median(spent)

    known, unknown, impossible = await cost("heshen"), await cost("nobody"), await cost("no body!")
    assert 0.5 * known < unknown < 2 * known + 0.05
    assert 0.5 * known < impossible < 2 * known + 0.05


async def test_a_code_works_once(desk: Desk, hire: Hire) -> None:
    heshen = await hire()
    await desk.come_in(heshen)
    with pytest.raises(SignInFailed):
        await desk.come_in(heshen)
    desk.clock.forward(timedelta(seconds=30))
    await desk.come_in(heshen)


async def test_a_code_used_twice_at_once_lets_one_in(desk: Desk, hire: Hire) -> None:
    heshen = await hire()
    both = await asyncio.gather(*(desk.come_in(heshen) for _ in range(3)), return_exceptions=True)
    assert sum(isinstance(one, SignedIn) for one in both) == 1
    assert sum(isinstance(one, SignInFailed) for one in both) == 2


async def test_failures_pause_the_login_longer_each_time_but_never_longer_than_the_limit(
    desk: Desk, hire: Hire
) -> None:
    heshen = await hire()
    for _ in range(LOCK_OUT.free):
        with pytest.raises(SignInFailed):
            await desk.sign_in("heshen", "wrong password", "")
    pauses = [30, 60, 120, 240, 480, 900, 900]
    for pause in pauses:
        desk.clock.forward(timedelta(seconds=pause - 1))
        with pytest.raises(SignInFailed):
            await desk.come_in(heshen)  # still paused, and trying does not make it longer
        desk.clock.forward(timedelta(seconds=1))
        with pytest.raises(SignInFailed):
            await desk.sign_in("heshen", "wrong password", "", address=f"198.51.100.{pause % 250}")
    desk.clock.forward(timedelta(seconds=900))
    await desk.come_in(heshen)
    for _ in range(LOCK_OUT.free - 1):
        with pytest.raises(SignInFailed):
            await desk.sign_in("heshen", "wrong password", "")
    desk.clock.forward(timedelta(seconds=30))
    await desk.come_in(heshen)


async def test_guesses_at_the_same_instant_are_all_counted(desk: Desk, hire: Hire) -> None:
    heshen = await hire()
    guesses = [desk.sign_in("heshen", f"wrong password {n}", "") for n in range(LOCK_OUT.free + 3)]
    refused = await asyncio.gather(*guesses, return_exceptions=True)
    assert all(isinstance(one, SignInFailed) for one in refused)
    with pytest.raises(SignInFailed):
        await desk.come_in(heshen)
    async with transaction(desk.pool, system_actor(desk.shop.id), clock=desk.clock) as tx:
        failures = await tx.value("SELECT failures FROM staff WHERE platform_id = %(p)s", p=desk.shop.id)
        assert failures == LOCK_OUT.free, "no more guesses were compared than are free"


async def test_one_address_cannot_try_every_login(desk: Desk, hire: Hire) -> None:
    heshen = await hire()
    with pytest.raises(SignInFailed):
        await desk.sign_in("guess", "guess", "")
    used = bucket(desk.keyring, "sign_in_address", client_of(ADDRESS))
    for _ in range(FAILURES_PER_ADDRESS_MAX - 1):  # the other guesses, without what each costs
        await spend(desk.pool, desk.shop.id, bucket=used, limit=FAILURES_PER_ADDRESS_MAX, clock=desk.clock)
    with pytest.raises(TooMany):
        await desk.come_in(heshen)
    done = await desk.sign_in("heshen", heshen.password, heshen.code(desk.clock), address="198.51.100.9")
    assert isinstance(done, SignedIn)


async def test_other_platforms_staff_do_not_come_in(
    desk: Desk, hire: Hire, other_shop: Platform, pool: Pool, keyring: Keyring, clock: Clock
) -> None:
    heshen = await hire()
    next_door = Desk(pool, keyring, other_shop, clock)
    with pytest.raises(SignInFailed):
        await next_door.come_in(heshen)
    done = await desk.come_in(heshen)
    assert await next_door.is_in(done.session.token) is None


async def test_the_journal_tells_sign_ins_and_failures_without_secrets(desk: Desk, hire: Hire) -> None:
    heshen = await hire()
    code = heshen.code(desk.clock)
    with pytest.raises(SignInFailed):
        await desk.sign_in("heshen", "my secret guess", code)
    await desk.come_in(heshen)
    with pytest.raises(SignInFailed):
        await desk.sign_in("my secret guess", "x", code)
    async with transaction(desk.pool, system_actor(desk.shop.id), clock=desk.clock) as tx:
        kinds = await journal_kinds(tx)
        assert kinds == ["platform.created", "staff.created", "staff.sign_in_failed", "staff.signed_in"]
        told = await tx.value(
            "SELECT string_agg(body || actor_name || actor_id, ' ') FROM journal WHERE platform_id = %(p)s",
            p=desk.shop.id,
        )
    assert isinstance(told, str)
    for secret in ("my secret guess", code, PASSWORD, heshen.totp_secret):
        assert secret not in told


async def test_the_first_sign_in_sets_the_authenticator_up(desk: Desk, password_hash: str) -> None:
    xiaogu = await desk.hire_without_authenticator("xiaogu", password_hash)
    first = await desk.sign_in("xiaogu", PASSWORD, "")
    assert isinstance(first, EnrolFirst)
    assert first.secret in first.uri
    assert first.secret not in first.ticket
    wrong = f"{(int(totp.code_at(first.secret, now=desk.clock.now)) + 1) % 10**6:06d}"
    with pytest.raises(EnrolmentCodeWrong):
        await desk.finish(first.ticket, wrong)
    assert enrolment_again(desk.keyring, desk.shop, ticket=first.ticket, login="xiaogu").secret == first.secret
    code = totp.code_at(first.secret, now=desk.clock.now)
    done = await desk.finish(first.ticket, code)
    assert await desk.is_in(done.session.token) == xiaogu
    with pytest.raises(SignInFailed):
        await desk.sign_in("xiaogu", PASSWORD, code)  # the enrolment used this code up
    with pytest.raises(EnrolmentStale):
        await desk.finish(first.ticket, code)
    desk.clock.forward(timedelta(seconds=30))
    later = await desk.sign_in("xiaogu", PASSWORD, totp.code_at(first.secret, now=desk.clock.now))
    assert isinstance(later, SignedIn)


async def test_two_enrolments_at_once_leave_one_authenticator(desk: Desk, password_hash: str) -> None:
    await desk.hire_without_authenticator("xiaogu", password_hash)
    pages = [await desk.sign_in("xiaogu", PASSWORD, "") for _ in range(2)]
    finishing = [
        desk.finish(page.ticket, totp.code_at(page.secret, now=desk.clock.now))
        for page in pages
        if isinstance(page, EnrolFirst)
    ]
    done = await asyncio.gather(*finishing, return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["EnrolmentStale", "SignedIn"]


async def test_a_second_enrolment_page_cannot_replace_the_authenticator_later(desk: Desk, password_hash: str) -> None:
    await desk.hire_without_authenticator("xiaogu", password_hash)
    first, second = [await desk.sign_in("xiaogu", PASSWORD, "") for _ in range(2)]
    assert isinstance(first, EnrolFirst)
    assert isinstance(second, EnrolFirst)
    await desk.finish(first.ticket, totp.code_at(first.secret, now=desk.clock.now))
    desk.clock.forward(timedelta(seconds=60))
    with pytest.raises(EnrolmentStale):
        await desk.finish(second.ticket, totp.code_at(second.secret, now=desk.clock.now))


async def test_an_enrolment_page_dies_with_time_a_reset_another_platform_or_a_changed_byte(
    desk: Desk, password_hash: str, other_shop: Platform
) -> None:
    xiaogu = await desk.hire_without_authenticator("xiaogu", password_hash)
    page = await desk.sign_in("xiaogu", PASSWORD, "")
    assert isinstance(page, EnrolFirst)
    code = totp.code_at(page.secret, now=desk.clock.now)
    middle = len(page.ticket) // 2
    changed = page.ticket[:middle] + ("A" if page.ticket[middle] != "A" else "B") + page.ticket[middle + 1 :]
    for forged in ("", "x", "é", "AAAA", changed, page.ticket[:-8], "A" * 100_000):
        with pytest.raises(EnrolmentStale):
            await desk.finish(forged, code)
    with pytest.raises(EnrolmentStale):
        await finish_enrolment(
            desk.pool, desk.keyring, platform=other_shop, ticket=page.ticket, code=code, clock=desk.clock
        )
    async with transaction(desk.pool, system_actor(desk.shop.id), clock=desk.clock) as tx:
        await reset_staff(
            tx, operator(desk.shop.id), staff_id=xiaogu.id, password_hash=await hash_password(NEW_PASSWORD)
        )
    with pytest.raises(EnrolmentStale):
        await desk.finish(page.ticket, code)
    fresh = await desk.sign_in("xiaogu", NEW_PASSWORD, "")
    assert isinstance(fresh, EnrolFirst)
    desk.clock.forward(timedelta(minutes=10))
    with pytest.raises(EnrolmentStale):
        await desk.finish(fresh.ticket, totp.code_at(fresh.secret, now=desk.clock.now))


async def test_a_reset_signs_out_everywhere_and_ends_the_old_password_and_authenticator(desk: Desk, hire: Hire) -> None:
    heshen = await hire()
    first = await desk.come_in(heshen)
    desk.clock.forward(timedelta(seconds=30))
    second = await desk.come_in(heshen)
    new_hash = await hash_password(NEW_PASSWORD)
    async with transaction(desk.pool, system_actor(desk.shop.id), clock=desk.clock) as tx:
        await reset_staff(tx, operator(desk.shop.id), staff_id=heshen.staff.id, password_hash=new_hash)
    assert await desk.is_in(first.session.token) is None
    assert await desk.is_in(second.session.token) is None
    desk.clock.forward(timedelta(seconds=30))
    with pytest.raises(SignInFailed):
        await desk.come_in(heshen)
    assert isinstance(await desk.sign_in("heshen", NEW_PASSWORD, ""), EnrolFirst)


async def test_a_disabled_person_is_out_at_once_and_stays_out(desk: Desk, hire: Hire) -> None:
    heshen = await hire()
    done = await desk.come_in(heshen)
    async with transaction(desk.pool, system_actor(desk.shop.id), clock=desk.clock) as tx:
        await disable_staff(tx, operator(desk.shop.id), staff_id=heshen.staff.id)
        with pytest.raises(NotFound):
            await disable_staff(tx, operator(desk.shop.id), staff_id=heshen.staff.id)
        with pytest.raises(NotFound):
            await reset_staff(tx, operator(desk.shop.id), staff_id=heshen.staff.id, password_hash="x")
        assert (await staff_by_login(tx, operator(desk.shop.id), login="heshen")).disabled_at == desk.clock.now
        with pytest.raises(NotFound):
            await active_staff(tx, login="heshen")
        late = await open_staff_session(tx, heshen.staff)  # by a request that was already under way
    assert await desk.is_in(done.session.token) is None
    assert await desk.is_in(late.token) is None
    desk.clock.forward(timedelta(seconds=30))
    with pytest.raises(SignInFailed):
        await desk.come_in(heshen)


async def test_only_an_administrator_handles_accounts(desk: Desk, hire: Hire) -> None:
    heshen = (await hire()).staff
    admin = (await hire("guanyan", "管砚", Role.ADMIN)).staff
    async with transaction(desk.pool, actor_of(heshen), clock=desk.clock) as tx:
        for forbidden in (
            create_staff(
                tx, heshen, keyring=desk.keyring, login="x1", name="甲", roles={Role.ADMIN}, password_hash="x"
            ),
            reset_staff(tx, heshen, staff_id=admin.id, password_hash="x"),
            disable_staff(tx, heshen, staff_id=admin.id),
        ):
            with pytest.raises(NotAllowed):
                await forbidden
        with pytest.raises(NotAllowed):
            await staff_list(tx, heshen)
    async with transaction(desk.pool, actor_of(admin), clock=desk.clock) as tx:
        assert [line.login for line in await staff_list(tx, admin)] == ["guanyan", "heshen"]
        assert await active_staff(tx, login="HeShen") == heshen


@pytest.mark.parametrize("money", [Role.REVIEWER, Role.FINANCE, Role.ARBITRATOR])
async def test_whoever_sets_the_limits_does_not_decide_under_them(desk: Desk, hire: Hire, money: Role) -> None:
    admin = (await hire("guanyan", "管砚", Role.ADMIN)).staff
    async with transaction(desk.pool, actor_of(admin), clock=desk.clock) as tx:
        with pytest.raises(RolesConflict):
            await create_staff(
                tx, admin, keyring=desk.keyring, login="both", name="双", roles={Role.ADMIN, money}, password_hash="x"
            )
        both = structs.replace(admin, roles=frozenset({Role.ADMIN, money}))
        with pytest.raises(RolesConflict):
            await change_settings(tx, both, settings=PlatformSettings(second_person_over_minor=10**9))
        await change_settings(tx, both, settings=PlatformSettings(second_person_over_minor=1_00))


async def test_the_last_administrator_cannot_be_disabled_even_by_two_at_once(desk: Desk, hire: Hire) -> None:
    first = (await hire("guanyan", "管砚", Role.ADMIN)).staff
    second = (await hire("guanyan2", "管墨", Role.ADMIN)).staff

    async def disable(viewer: Staff, target: Staff) -> None:
        async with transaction(desk.pool, actor_of(viewer), clock=desk.clock) as tx:
            await disable_staff(tx, viewer, staff_id=target.id)

    answers = await asyncio.gather(disable(first, second), disable(second, first), return_exceptions=True)
    assert sum(answer is None for answer in answers) == 1
    assert sum(isinstance(answer, LastAdmin) for answer in answers) == 1


async def test_a_login_is_taken_once_a_platform(
    desk: Desk, hire: Hire, other_shop: Platform, password_hash: str, clock: Clock
) -> None:
    await hire()
    with pytest.raises(LoginTaken):
        await hire(" HeShen", "另一位")
    next_door = Desk(desk.pool, desk.keyring, other_shop, clock)
    assert (await next_door.hire_without_authenticator("heshen", password_hash)).platform_id == other_shop.id


@pytest.mark.parametrize(
    "login", ["", "a", "x" * 61, "has blank", "new\nline", "\0\0\0", "-dash", "<b>bold", "x" * 100_000]
)
async def test_malformed_logins_are_refused(hire: Hire, login: str) -> None:
    with pytest.raises(LoginMalformed):
        await hire(login)


@pytest.mark.parametrize("name", ["", "   ", "x" * 41, "two\nlines", "\0", "\u202eesrever"])
async def test_malformed_names_are_refused(hire: Hire, name: str) -> None:
    with pytest.raises(NameMalformed):
        await hire("someone", name)
