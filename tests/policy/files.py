"""The policies that tests judge by, and short ways to write a case."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from huiliu.policy.model import Facts, FactValue, Policy
from huiliu.policy.parse import parse_policy

HERE = Path(__file__).parent
EXAMPLE = (HERE / "example.yaml").read_text("utf-8")
EXAMPLE_EN = (HERE / "example_en.yaml").read_text("utf-8")
DEMO = (HERE.parents[1] / "src/huiliu/demo/policy.yaml").read_text("utf-8")

HOUR = 3_600
DAY = 86_400
NOTHING: frozenset[str] = frozenset()


@cache
def example() -> Policy:
    """The example policy, parsed."""
    return parse_policy(EXAMPLE)


@cache
def demo() -> Policy:
    """The demo platform's policy, parsed."""
    return parse_policy(DEMO)


def case(reason: str, *, proven: bool = False, **over: FactValue) -> Facts:
    """A card key ordered ten minutes ago for ¥100, nothing else known against anyone."""
    values: dict[str, FactValue] = {
        "退款原因": reason,
        "商品类型": "卡密",
        "下单时长": 600,
        "使用情况": "未使用",
        "金额": 100_00,
        "曾伪造凭证": False,
    }
    return Facts({**values, **over}, frozenset({"使用情况"}) if proven else frozenset())


def small(clauses: str, *, rest: str = "") -> str:
    """A policy of three facts with the given clauses, for what the example does not contain."""
    return f"""
策略: 小政策
编号: small
版本: 1
事实:
  退款原因: {{枚举: [充值错误, 不想要了]}}
  下单时长: {{时长: [0秒, 30天]}}
  次数: {{计数: [0, 10]}}
凭证: {{支付截图: 1, 未使用声明: 2, 平台核验截图: 3, 其他: 1}}
条款:
{clauses}
{rest}"""
