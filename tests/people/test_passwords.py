"""Passwords cost the same to check whether or not anybody has them."""

from __future__ import annotations

import time
from statistics import median

import pytest
from argon2 import PasswordHasher, Type

from huiliu.people.errors import PasswordWeak
from huiliu.people.passwords import generate_password, hash_password, verify_password
from tests.people.conftest import PASSWORD


async def test_the_right_password_is_right_and_any_other_is_not(password_hash: str) -> None:
    assert password_hash.startswith("$argon2id$")
    assert PASSWORD not in password_hash
    right = await verify_password(password_hash, PASSWORD)
    assert right.is_right
    assert right.rehashed is None
    for wrong in (PASSWORD + "x", PASSWORD[:-1], "", "x" * 100_000, PASSWORD + "\0", "\ud800"):
        assert not (await verify_password(password_hash, wrong)).is_right


async def test_full_width_keyboards_type_the_same_password(password_hash: str) -> None:
    assert (await verify_password(password_hash, PASSWORD.replace("2026", "２０２６"))).is_right


async def test_nobody_has_the_password_of_an_unknown_login() -> None:
    for tried in (PASSWORD, "", "x" * 100_000):
        verified = await verify_password(None, tried)
        assert not verified.is_right
        assert verified.rehashed is None


async def test_an_unknown_login_costs_as_much_as_a_wrong_password(password_hash: str) -> None:
    async def cost(stored: str | None, tried: str) -> float:
        spent: list[float] = []
        for _ in range(3):
            before = time.process_time()
            await verify_password(stored, tried)
            spent.append(time.process_time() - before)
        return median(spent)

    known = await cost(password_hash, "wrong password")
    for stored, tried in ((None, "wrong password"), (password_hash, "x" * 1_000), (None, "")):
        assert 0.5 * known < await cost(stored, tried) < 2 * known + 0.05


async def test_a_hash_with_weaker_parameters_is_replaced_once_it_is_right() -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1, type=Type.ID).hash(PASSWORD)
    assert (await verify_password(weak, "wrong password")).rehashed is None
    verified = await verify_password(weak, PASSWORD)
    assert verified.is_right
    assert verified.rehashed is not None
    again = await verify_password(verified.rehashed, PASSWORD)
    assert again.is_right
    assert again.rehashed is None


@pytest.mark.parametrize("garbage", ["", "plain text", "$argon2id$v=19$m=1", "$2b$12$abcdefghijklmnopqrstuv"])
async def test_a_stored_value_that_is_no_hash_lets_nobody_in(garbage: str) -> None:
    assert not (await verify_password(garbage, PASSWORD)).is_right
    assert not (await verify_password(garbage, garbage)).is_right


@pytest.mark.parametrize("weak", ["", "short", "123456789", "x" * 201, "with a\0 zero byte", "\ud800\ud800 surrogates"])
async def test_weak_and_untypable_passwords_are_refused(weak: str) -> None:
    with pytest.raises(PasswordWeak) as refused:
        await hash_password(weak)
    assert refused.value.facts == {"length_min": 10, "length_max": 200}


async def test_generated_passwords_differ_and_are_accepted() -> None:
    first, second = generate_password(), generate_password()
    assert first != second
    assert (await verify_password(await hash_password(first), first)).is_right
