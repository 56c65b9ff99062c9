"""The closed vocabularies: schema keys in both languages, evidence slots, outcomes, and what the product calls a case.

Every table maps the Chinese word a policy file uses to the code the program uses. A file may write either.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from huiliu.kit.money import Rounding
from huiliu.policy.model import Basis, FactKind, Flag, Outcome, Party, Trend

KEYS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "policy": {
            "策略": "policy",
            "名称英文": "name_en",
            "说明": "text",
            "说明英文": "text_en",
            "编号": "id",
            "版本": "version",
            "生效": "effective_from",
            "兜底": "fallback",
            "事实": "facts",
            "凭证": "evidence",
            "结果": "outcomes",
            "限制": "limits",
            "条款": "clauses",
            "按商品": "overrides",
            "附加": "extras",
            "样例": "cases",
        },
        "fallback": {"无条款": "no_clause", "条款冲突": "conflict"},
        "fact": {
            "枚举": "enum",
            "时长": "duration",
            "金额": "amount",
            "是否": "boolean",
            "计数": "count",
            "名称英文": "name_en",
            "枚举英文": "enum_en",
            "举证方": "burden",
            "未举证视为": "presumed",
            "证明": "proven_by",
            "单调": "trend",
        },
        "clause": {
            "编号": "id",
            "名称": "name",
            "名称英文": "name_en",
            "当": "when",
            "需": "needs",
            "可附": "optional",
            "则": "then",
            "金额": "amount",
            "例外于": "exception_to",
            "自动": "automatic",
            "说明": "text",
            "说明英文": "text_en",
        },
        "override": {"适用": "scope", "不适用": "without", "条款": "clauses", "限制": "limits"},
        "case": {"名称": "name", "事实": "facts", "凭证": "evidence", "应当": "expect"},
        "expect": {"结果": "outcome", "条款": "clause", "缺": "missing"},
        "extra": {
            "编号": "id",
            "名称": "name",
            "名称英文": "name_en",
            "当": "when",
            "加": "add",
            "自动": "automatic",
        },
        "amount": {"按": "by", "手续费": "fee", "舍入": "rounding", "上限": "cap"},
        "limits": {
            "申请次数": "applications",
            "重新申请期限": "reapply",
            "补充材料期限": "material",
            "审核时限": "review",
            "平台举证期限": "platform_proof",
            "冷静期": "cooling",
            "平台介入期限": "intervention",
            "风控时限": "hold",
            "记录保存": "records",
        },
    }
)
"""Chinese key -> English key, one for one, per section of the file."""

EVIDENCE: Mapping[str, str] = MappingProxyType(
    {
        "支付截图": "paid_shot",
        "未到账截图": "not_arrived_shot",
        "时间差证明": "time_gap",
        "开通记录": "opening_record",
        "使用时长证明": "usage_time",
        "标准对比图": "promise_compare",
        "详情页截图": "detail_page",
        "差异证明": "difference",
        "未使用声明": "unused_declaration",
        "平台核验截图": "platform_check",
        "充值账号对比": "account_compare",
        "其他": "other",
    }
)
"""Policy word -> evidence slot code. Inside the program evidence is always the code."""

RECORDS: Mapping[str, str] = MappingProxyType(
    {
        "消耗记录": "consumption_record",
        "核销记录": "redemption_record",
        "登录记录": "sign_in_record",
        "购买确认记录": "purchase_confirmation",
    }
)
"""Records of the platform's own by which it can prove a fact."""

OUTCOMES: Mapping[str, Outcome] = MappingProxyType(
    {
        "全额退款": Outcome.FULL,
        "按未用比例退款": Outcome.PART,
        "冷静期后再审": Outcome.COOLING,
        "转人工": Outcome.PERSON,
        "拒绝": Outcome.REJECT,
    }
)
FLAGS: Mapping[str, Flag] = MappingProxyType({"风控复核": Flag.RISK_REVIEW, "第二人复核": Flag.SECOND_PERSON})
PARTIES: Mapping[str, Party] = MappingProxyType({"平台": Party.PLATFORM, "买家": Party.BUYER})
TRENDS: Mapping[str, Trend] = MappingProxyType({"越大越差": Trend.LARGER_WORSE, "越大越好": Trend.LARGER_BETTER})
BASES: Mapping[str, Basis] = MappingProxyType(
    {"全额": Basis.FULL, "用量": Basis.UNITS, "时间": Basis.TIME, "承诺": Basis.PROMISED}
)
FEES: Mapping[str, str] = MappingProxyType({"退": "returned", "不退": "kept"})
ROUNDINGS: Mapping[str, Rounding] = MappingProxyType(
    {"有利买家": Rounding.FAVOUR_BUYER, "有利平台": Rounding.FAVOUR_PLATFORM}
)
CONFLICTS: Mapping[str, str] = MappingProxyType({"有利买家": "favour_buyer"})
NO_CLAUSES: Mapping[str, Outcome] = MappingProxyType({"转人工": Outcome.PERSON})
BOOLEANS: Mapping[str, str] = MappingProxyType({"是": "yes", "否": "no"})
KINDS: Mapping[str, FactKind] = MappingProxyType(
    {
        "枚举": FactKind.ENUM,
        "时长": FactKind.DURATION,
        "金额": FactKind.AMOUNT,
        "是否": FactKind.BOOLEAN,
        "计数": FactKind.COUNT,
    }
)

FACTS: Mapping[str, str] = MappingProxyType(
    {
        "退款原因": "reason",
        "商品类型": "product_kind",
        "下单时长": "order_age",
        "使用情况": "usage",
        "金额": "amount",
        "曾伪造凭证": "forged_before",
        "交付状态": "delivery_state",
        "商品": "product",
        "购买时确认": "exception_confirmed",
    }
)
"""The facts the product itself can fill in. A policy may declare others, which then have to be asked for."""

VALUES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "退款原因": {
            "充值错误": "topup_wrong",
            "充值未到账": "not_arrived",
            "服务未达标": "below_standard",
            "描述不符": "not_as_described",
            "不想要了": "changed_mind",
        },
        "商品类型": {"直充": "topup", "卡密": "card", "会员": "membership", "代练": "service"},
        "使用情况": {"未使用": "unused", "部分使用": "part_used", "已使用": "used"},
        "交付状态": {"待交付": "pending", "处理中": "processing", "已交付": "delivered", "交付失败": "failed"},
    }
)
"""Per enumeration the product fills in: policy word -> code."""

REASON = "退款原因"
"""Why the buyer asks for a refund."""
ORDER_AGE = "下单时长"
"""The one fact that changes by itself as time passes."""

PRODUCT_KIND = "商品类型"
PRODUCT = "商品"
"""The two facts a set of products can be named by."""
OTHER_PRODUCT = "其他商品"
"""What every product is that a policy does not name: it closes the enumeration of products."""


def canonical(table: Mapping[str, str], word: str) -> str | None:
    """The Chinese word for `word`, written in either language, or None when the table does not have it."""
    if word in table:
        return word
    return next((chinese for chinese, code in table.items() if code == word), None)


def slot_code(word: str) -> str | None:
    """The evidence slot for a policy's word or the code itself; None when there is no such slot."""
    chinese = canonical(EVIDENCE, word)
    return None if chinese is None else EVIDENCE[chinese]


SLOTS = frozenset(EVIDENCE.values())
EVIDENCE_NAMES: Mapping[str, str] = MappingProxyType({code: name for name, code in EVIDENCE.items()})
"""Evidence slot code -> policy word."""
