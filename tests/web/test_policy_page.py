"""The version that judges an order, as anybody may read it: clauses in words, what they pay, the limits and the exceptions."""

from __future__ import annotations

from datetime import timedelta

from huiliu.kit.db import Pool
from tests.conftest import NOW
from tests.policy.files import DEMO
from tests.policy.workshop import new_shop
from tests.web.conftest import Browser

RICH = (
    DEMO.replace('版本: "3"', '版本: "9"')
    .replace("  冷静期: 24小时", "  冷静期: 24小时\n  风控时限: 5天\n  记录保存: 1200天")
    .replace("    名称: 部分使用按比例\n", "    名称: 部分使用按比例\n    说明: 用了多少扣多少，没用的退给您。\n")
    .replace("附加:\n", "按商品:\n  - {适用: {商品类型: 会员}, 限制: {冷静期: 48小时}}\n\n附加:\n")
)


async def test_a_buyer_reads_clause_texts_formulas_limits_and_what_some_products_have(
    visitor: Browser, pool: Pool
) -> None:
    shop = await new_shop(pool)
    published = await shop.publish(RICH, NOW + timedelta(days=1))
    slug = await shop.as_("guanyan", lambda tx, _: tx.value("SELECT slug FROM platforms WHERE id = %(platform)s", platform=tx.platform_id))  # fmt: skip  # noqa: E501
    await visitor.get(f"/{slug}/policies/{published.id}?lang=zh-CN")
    assert "用了多少扣多少，没用的退给您。" in visitor.html
    assert "已付金额（含支付手续费）× 未使用用量 ÷ 总用量；不足一分的部分归买家" in visitor.html
    assert "1200天" in visitor.html
    assert "5天" in visitor.html
    products = visitor.html[visitor.html.index("部分商品另有规定") :]
    assert "会员" in products
    assert "48小时" in products
    assert "审核时限" not in products
    # What makes a case a risk would be a recipe.
    assert "500" not in visitor.html.replace(published.policy.content_hash.hex(), "")
