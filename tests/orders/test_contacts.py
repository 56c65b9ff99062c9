"""Contacts in one form, whoever typed them."""

import pytest

from huiliu.kit.keyring import Keyring
from huiliu.people.contacts import contact_hash, lookup_hash, mask, normalise, tail, tail_hash


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("13812345678", "13812345678"),
        ("＋８６ １３８ １２３４ ５６７８", "13812345678"),
        ("+86-138-1234-5678", "13812345678"),
        ("008613812345678", "13812345678"),
        ("8613812345678", "13812345678"),
        ("手机号：138 1234 5678", "13812345678"),
        ("\u200b13812345678\ufeff", "13812345678"),
        ("QQ：10086001", "10086001"),
        ("qq10086001", "10086001"),
        ("86138123", "86138123"),
        ("微信: Xiao_Man-99", "xiao_man-99"),
        ("Xiao.Man@Example.COM ", "xiao.man@example.com"),
        ("138****5678", "138****5678"),
        ("", ""),
        ("   ", ""),
    ],
)
def test_every_way_of_writing_a_contact_has_one_form(typed: str, normal: str) -> None:
    assert normalise(typed) == normal
    assert normalise(normal) == normal


@pytest.mark.parametrize(
    ("contact", "masked"),
    [
        ("+86 13812345678", "138****5678"),
        ("10086001", "100****01"),
        ("12345", "1****5"),
        ("abc", "****"),
        ("xiaoman@example.com", "xi****@example.com"),
        ("x@example.com", "****@example.com"),
        ("138****5678", "138****5678"),
        ("", ""),
    ],
)
def test_a_mask_hides_the_middle(contact: str, masked: str) -> None:
    assert mask(contact) == masked


def test_hashes_agree_within_a_platform_and_differ_between_platforms(keyring: Keyring) -> None:
    assert contact_hash(keyring, 1, "138 1234 5678") == contact_hash(keyring, 1, "+8613812345678")
    assert contact_hash(keyring, 1, "13812345678") != contact_hash(keyring, 2, "13812345678")
    assert tail_hash(keyring, 1, "13812345678") == tail_hash(keyring, 1, "５６７８")
    assert lookup_hash(keyring, 1, " ａｂｃ123 ") == lookup_hash(keyring, 1, "abc123")
    assert tail("xiaoman@example.com") == "oman"
