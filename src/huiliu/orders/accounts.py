"""代充: which account does the order's description name, and is it the one that was really recharged?

Pure. A false alarm costs trust, so a bare number counts as an account only when a word before it says so.
"""

from __future__ import annotations

import re
import unicodedata

from huiliu.people.contacts import normalise

TEXT_MAX = 2_000
ACCOUNTS_MAX = 10

_NOT_THE_BUYER = r"(?<!客服)(?<!售后)(?<!联系)(?<!咨询)(?<!投诉)(?<!商家)(?<!店主)(?<!交流)"
_LABELLED = re.compile(
    _NOT_THE_BUYER
    + r"(?:充值账号|充值帐号|充值号码|充值账户|游戏账号|游戏帐号|登录账号|账号|帐号|账户|帐户|手机号码|手机号|手机|邮箱|"
    + r"微信号|\bqq号|\bqq|\buid|\baccount(?: no\.?| number| id)?|\bphone)"
    + r"\s*(?:为|是|:|=|#|】|\])?\s*(?P<account>[\w.+\-]*[\w*](?:@[\w\-*]+(?:\.[\w\-]+)+)?[\w*@.\-]*)",
    re.I | re.ASCII,
)
_EMAIL = re.compile(r"(?<![\w.*+\-])[\w.+\-*]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{2,63}){1,3}", re.ASCII)
_PHONE = re.compile(r"(?<![\w*])(?:\+?86[ \-]?)?1[3-9]\d[\d*]{8}(?![\w*])", re.ASCII)
_MASKED = re.compile(r"(?<![\w*@.])\w{1,8}\*{2,12}\w{1,8}(?![\w*@])", re.ASCII)
_CONTACT_BEFORE = re.compile(r"(?:客服|售后|联系|咨询|投诉|商家|店主|交流群?)\S{0,6}\s*$")
_USABLE = re.compile(r"^(?=.*[\d@])[\w.+\-*@]{4,80}$", re.ASCII)


def accounts_in(description: str) -> list[str]:
    """Every recharge account that a text names, normalised, in order; masked ones keep their asterisks."""
    text = unicodedata.normalize("NFKC", description[:TEXT_MAX]).replace("×", "*").replace("•", "*")
    found: dict[str, int] = {}
    for match in _LABELLED.finditer(text):
        _add(found, match["account"], match.start("account"))
    for pattern in (_EMAIL, _PHONE, _MASKED):
        for match in pattern.finditer(text):
            if not _CONTACT_BEFORE.search(text[max(0, match.start() - 12) : match.start()]):
                _add(found, match[0], match.start())
    return sorted(found, key=lambda account: found[account])[:ACCOUNTS_MAX]


def account_differs(description: str, account: str) -> bool:
    """Whether the description names an account and none that it names can be the one really used."""
    named = accounts_in(description)
    used = normalise(account)
    return bool(named) and bool(used) and not any(may_be_same(one, used) for one in named)


def may_be_same(one: str, other: str) -> bool:
    """Whether two accounts can be the same one, taking each run of asterisks for any characters."""
    a, b = normalise(one), normalise(other)
    if "*" not in a and "*" not in b:
        return a == b
    if "*" in a and "*" in b:
        head_a, tail_a = _ends(a)
        head_b, tail_b = _ends(b)
        return (head_a.startswith(head_b) or head_b.startswith(head_a)) and (
            tail_a.endswith(tail_b) or tail_b.endswith(tail_a)
        )
    masked, plain = (a, b) if "*" in a else (b, a)
    head, tail = _ends(masked)
    return len(plain) > len(head) + len(tail) and plain.startswith(head) and plain.endswith(tail)


def _ends(masked: str) -> tuple[str, str]:
    return masked[: masked.index("*")], masked[masked.rindex("*") + 1 :]


def _add(found: dict[str, int], account: str, at: int) -> None:
    plain = normalise(account.strip(".-*") if account.strip("*") != account and "@" not in account else account)
    if _USABLE.match(plain) and plain not in found:
        found[plain] = at
