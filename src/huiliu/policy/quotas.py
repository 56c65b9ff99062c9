"""限制 in a policy file: how often, and how long each clock runs."""

from __future__ import annotations

import msgspec

from huiliu.policy.document import Node, Report
from huiliu.policy.model import Limits, Period
from huiliu.policy.quantities import count, kept_period, period
from huiliu.policy.reader import read_number, read_section

APPLICATIONS_MAX = 20


def read_limits(report: Report, node: Node | None, usual: Limits) -> Limits:
    """The limits written here, the rest as `usual`."""
    if node is None:
        return usual
    section = read_section(report, node, "limits")

    def span(key: str, default: Period) -> Period:
        parse = kept_period if key == "记录保存" else period
        return read_number(report, section.get(key), parse, code="not_period", default=default)

    applications = read_number(report, section.get("申请次数"), count, code="applications", default=usual.applications)
    if not 1 <= applications <= APPLICATIONS_MAX:
        report.add(section.fields["申请次数"].node.place, "applications", word=str(applications))
    return msgspec.structs.replace(
        usual,
        applications=applications,
        reapply=span("重新申请期限", usual.reapply),
        material=span("补充材料期限", usual.material),
        review=span("审核时限", usual.review),
        platform_proof=span("平台举证期限", usual.platform_proof),
        cooling=span("冷静期", usual.cooling),
        intervention=span("平台介入期限", usual.intervention),
        hold=span("风控时限", usual.hold),
        records=span("记录保存", usual.records),
    )
