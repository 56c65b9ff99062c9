"""代充: the account really used against the one the description names."""

import pytest

from huiliu.orders.accounts import account_differs, accounts_in


@pytest.mark.parametrize(
    ("description", "account", "differs"),
    [
        ("代充XX服务 账号 138****5678", "13812345678", False),
        ("代充XX服务 账号 138****5678", "13987654321", True),
        ("代充XX服务 账号 138****5678", "138****5678", False),
        ("代充XX服务 账号 138****5678", "138******78", False),
        ("代充XX服务 账号 138****5678", "139****5678", True),
        ("代充XX服务，充值账号：１３８１２３４５６７８", "+86 138 1234 5678", False),
        ("代充XX服务【QQ:10086001】", "10086001", False),
        ("代充XX服务【QQ:10086001】", "10086002", True),
        ("视频会员 月卡 xiaoman@example.com", "XiaoMan@Example.com", False),
        ("视频会员 月卡 xi***@example.com", "xiaoman@example.com", False),
        ("视频会员 月卡 xiaoman@example.com", "zhoumo@example.com", True),
        ("UID 800123456 充值", "800123456", False),
        ("UID=800123456", "800123457", True),
        ("代充XX服务", "13812345678", False),
        ("英雄点券 1000 直充 6480 钻石 10000金币", "10086001", False),
        ("代充XX服务 账号 138****5678", "", False),
        ("售后联系客服QQ 98765432", "10086001", False),
        ("客服电话 13900000000", "10086001", False),
        ("账号 10086001 备用账号 10086002", "10086002", False),
    ],
)
def test_an_account_differs_only_when_the_description_names_another(
    description: str, account: str, *, differs: bool
) -> None:
    assert account_differs(description, account) is differs


def test_a_hostile_description_is_read_quickly_and_in_bounds() -> None:
    assert len(accounts_in("账号" + "1*" * 50_000)) <= 10
    assert accounts_in("a" * 100_000 + "@" * 100) == []
    assert len(accounts_in(" ".join(f"账号{number}" for number in range(100000, 100400)))) == 10
