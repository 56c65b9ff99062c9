"""Words in published names and texts that promise nothing, or that the law does not let a platform use.

Disputes begin where buyer and platform can read one sentence in two ways. Each word is looked for by a pattern; phrases in
which the same characters mean something else (以及时间, 综合理赔) are taken out first. Why a word is vague and what to write
instead is said by `law.vague.<term>.why` and `.instead`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import msgspec

from huiliu.policy.law.deciding import Deciding
from huiliu.policy.law.published import PublishedText, published_texts
from huiliu.policy.law.statutes import day_of, first_in_force
from huiliu.policy.lint.findings import Finding, FindingCode, Severity
from huiliu.policy.model import Policy

UNFAIR_TERM = ("online_trade_21", "penalty_12", "consumer_law_26")
"""Who may not write one-sided terms, the most particular first: online traders, any trader, and the law behind both."""


class Term(msgspec.Struct, frozen=True):
    """One thing that should not be written: its patterns, where the same characters are innocent, the law if it forbids it."""

    code: str
    chinese: str = ""
    english: str = ""
    innocent: str = ""
    articles: tuple[str, ...] = ()

    def found(self, words: str) -> str:
        """The first place where it is written, or ''."""
        cleared = re.sub(self.innocent, _blank, words, flags=re.IGNORECASE) if self.innocent else words
        match = re.search(self.pattern, cleared, re.IGNORECASE)
        return "" if match is None else match[0].strip()

    @property
    def pattern(self) -> str:
        """Both languages: English words whole, Chinese ones anywhere."""
        english = rf"(?<![a-z])(?:{self.english})(?![a-z])" if self.english else ""
        return "|".join(part for part in (self.chinese, english) if part)


_GOODS = "虚拟商品|虚拟产品|数字商品|本店商品|本平台商品|所有商品|商品|卡密|点卡|会员|订单"
_REFUSES = "不予退款|不予退换|不支持退款|不支持退换|不接受退款|不能退款|不可退款|不退款|不退换"
_CONDITION = "如|若|超过|届满|以外|已|未|时|后|的[，,]|条款|第|确认|除|经|但|情形|部分"

TERMS: tuple[Term, ...] = (
    # What the law itself keeps out of terms.
    Term(
        "final_say",
        chinese="(?:最终|全部|一切|单方)?的?解释权",
        english=r"(?:right of )?(?:final|sole|exclusive) (?:right of )?interpretation|final say|sole right to interpret",
        innocent=r"不(?:保留|享有|拥有|主张)(?:任何|最终|单方)*的?解释权|解释权不归|no (?:right of )?(?:final|sole) interpretation",
        articles=UNFAIR_TERM,
    ),
    Term(
        "no_returns",
        chinese=r"概不(?:退|负责)|[恕均]不(?:退|接受退)|一律不(?:予|能|可|支持|接受)?退(?:款|换|货)|不退不换"
        r"|一经(?:售出|出售|购买|付款|下单|发货|发出)[^。；;\n]{0,8}不(?:予|能|可|支持|接受|再)?(?:退|换)",
        english=r"all sales (?:are )?final|no (?:refunds?|returns?)(?: or (?:exchanges?|returns?|refunds?))?"
        r" (?:once|after|when) (?:sold|sale|purchased?|payment|paid|delivered|delivery)|no (?:refunds|returns) or exchanges"
        r"|no refunds? (?:whatsoever|of any kind|under any circumstances|for any reason)",
        articles=UNFAIR_TERM,
    ),
    Term(
        "no_complaints",
        chinese=r"(?:不得|禁止|不可|不准|无权|放弃)[^。，,；;\n]{0,8}(?:投诉|举报|起诉|诉讼|仲裁)",
        english=r"(?:may not|must not|waives?|give up)[^.;\n]{0,24}(?:complain|sue|litigation|arbitration)",
        innocent=r"(?:不得|禁止|不可|不准|无权)[^。，,；;\n]{0,4}(?:拒绝|阻止|阻碍|限制|干扰|妨碍|影响|剥夺|因)[^。，,；;\n]{0,12}"
        r"(?:投诉|举报|起诉|诉讼|仲裁)|恶意(?:投诉|举报)|may not (?:be )?(?:refused?|prevent|stop|limit|hinder)[^.;\n]{0,32}",
        articles=UNFAIR_TERM,
    ),
    # What two readers read in two ways.
    Term("reasonable", "合理", r"(?:un)?reasonabl[ey]", innocent="[综结符配联适吻整组汇集混缝]合理"),
    Term(
        "soon",
        "尽快|尽早|尽速|从速|第一时间",
        "as soon as (?:possible|we can|practicable)|asap|shortly|without undue delay|in due course",
    ),
    Term(
        "in_time",
        "及时",
        r"promptly|timely|in good time|in a timely (?:manner|fashion)|without delay",
        innocent="[以涉提普触危波顾]及时|及时[间长限段刻效]",
    ),
    Term(
        "case_by_case",
        r"视(?:具体|实际)?情(?:况|形)?(?:而定)?|(?:根据|按照?|依据?|依照|结合)(?:具体|实际)情(?:况|形)|酌情|酌定|斟酌",
        r"case[- ]by[- ]case|depending on (?:the )?(?:circumstances|situation)|as the case may be|where (?:we deem|deemed)(?: it)?"
        r" (?:fit|necessary|appropriate)|as we see fit|(?:at )?(?:our|its|the platform'?s|sole|absolute|full)(?: (?:sole|absolute|own))*"
        r" discretion",
        innocent="[重忽轻漠无监电歧巡注近审检]视(?:具体|实际)?情(?:况|形)?",
    ),
    Term("in_principle", "原则上", "in principle"),
    Term(
        "generally",
        r"(?:一般|通常|正常)(?:情况|情形)?(?:之下|下|来说|而言)|(?:一般|通常)(?:不予|不会|不能|可以|会(?![员议计]))",
        "generally|usually|normally|typically|in general|as a rule|under normal circumstances|in most cases",
    ),
    Term(
        "relevant_rules",
        "(?:相关|有关)(?:的)?(?:规定|政策|规则|要求|条款|标准|规范|制度)",
        r"(?:relevant|applicable|related) (?:rules?|regulations?|policy|policies|provisions?|terms|requirements?|standards?)",
    ),
    Term(
        "and_so_on",
        "(?<![同平对相均高])等(?:其他|其它|类似|特殊|各种)?(?:情形|情况|原因|因素|行为|问题)",
        r"etc|and so (?:on|forth)|and the like|among others|including but not limited to|or similar",
    ),
    Term("appropriate", "(?<![合舒])适当", "appropriate(?:ly)?|suitabl[ey]|adequate(?:ly)?"),
    Term(
        "special_cases",
        "特殊(?:情况|情形|原因)|其他(?:情况|情形|原因)",
        r"(?:special|exceptional|other|certain) (?:circumstances|cases|reasons)",
    ),
    Term(
        "some",
        "一定(?:的)?(?:时间|期限|比例|条件|程度|金额|范围|费用)|若干|部分情况下",
        r"a certain (?:time|period|amount|share|percentage|number|degree)|some time|a number of days|a reasonable number",
    ),
    Term(
        "about",
        r"(?:个?工作日|小时|天|日|元|%|％|分钟)(?:左右|上下)|大约|大概",
        r"approximately|roughly|or so|about \d+ (?:working )?(?:days?|hours?|minutes?|percent)",
    ),
    Term("serious", "情节(?:严重|较重|较轻|轻微|特别)|恶意(?:退款|申请|投诉|举报|维权)", r"serious (?:cases?|violations?)|bad faith"),
    Term(
        "may_refuse",
        r"有权(?:随时|单方面?|自行|直接|立即|在任何时候)*(?:拒绝|不予|取消|终止|变更|修改|调整|解除|决定|扣除|扣留)",
        r"reserves? the right to|(?:is|are) entitled to (?:refuse|reject|decline|cancel|change|deduct)"
        r"|(?:we|the platform) may (?:at any time )?(?:refuse|reject|decline|cancel|change|deduct)",
        innocent="(?:买家|消费者|用户|客户|您|你)有权"
        r"|(?:you|buyers?|the buyer|consumers?) (?:is|are) entitled to (?:refuse|reject|decline|cancel)",
    ),
)  # fmt: skip

BLANKET = Term(
    "blanket_refusal",
    chinese=rf"(?:{_GOODS})[^。；;\n]{{0,6}}(?:{_REFUSES})",
    english=r"non[- ]?refundable|no refunds?(?= ?(?:$|[.;]))",
)
"""A refusal without a condition. Only in a sentence of a text that names none: a clause's name is read beside its conditions."""

_SENTENCE = re.compile(r"[^。；;\n]+")
_WIDE = {0xFEE0 + ord(each): each for each in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"}
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]|(?<=[一-鿿])[ \u3000]+(?=[一-鿿])")


def vague_findings(policy: Policy, *, on: date | None = None) -> tuple[Finding, ...]:
    """Every such word in what is published, with its place and a case that the clause it stands in decides.

    An error where the law forbids the words, else a warning. `on` as for `law_findings`. facts: the word as written, its
    term's code, and the key of the file under which it stands.
    """
    hits = [(text, term, word) for text in published_texts(policy) for term, word in vague_words(text)]
    if not hits:
        return ()
    day = day_of(policy, on)
    deciding = Deciding(policy)
    return tuple(_finding(text, term, word, deciding, day) for text, term, word in hits)


def vague_words(text: PublishedText) -> Iterator[tuple[Term, str]]:
    """The terms a text uses, each with the words as they stand there."""
    # Full-width letters, invisible characters and spaced-out words hide nothing; punctuation stays as it is written.
    words = _INVISIBLE.sub("", text.words.translate(_WIDE))
    for term in TERMS if _ANY.search(words) else ():
        word = term.found(words)
        if word:
            yield term, word
    if text.key.startswith("说明"):
        for sentence in _SENTENCE.findall(words):
            word = BLANKET.found(sentence)
            if word and not re.search(_CONDITION, sentence.replace(word, "")) and not _NO_RETURNS.found(sentence):
                yield BLANKET, word
                return


_NO_RETURNS = next(term for term in TERMS if term.code == "no_returns")
_ANY = re.compile("|".join(term.pattern for term in TERMS), re.IGNORECASE)
"""Most texts use none of them: one look says so."""


def _finding(text: PublishedText, term: Term, word: str, deciding: Deciding, day: date) -> Finding:
    article = first_in_force(term.articles, day)
    return Finding(
        code=FindingCode.VAGUE_WORDS,
        severity=Severity.ERROR if article else Severity.WARNING,
        clauses=() if text.clause is None else (text.clause.id,),
        examples=text.examples(deciding),
        facts={"word": word, "term": term.code, "where": text.key},
        article=article,
        section=text.section,
    )


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])
