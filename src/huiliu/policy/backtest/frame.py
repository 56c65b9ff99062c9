"""From a table of past claims, as a file or a list of rows has it, to columns in the policy's words. Checks every value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import final

import msgspec
import numpy as np
import polars as pl

from huiliu.kit.errors import Fact, Refusal
from huiliu.kit.money import AMOUNT_MINOR_MAX
from huiliu.policy.backtest.columns import USAGE, ClaimColumns, Column, MoneyColumns, Numbers, Use, Words
from huiliu.policy.batch.codes import Ints, Truths
from huiliu.policy.model import FactValue, Outcome
from huiliu.policy.words import FACTS, OUTCOMES, PRODUCT, SLOTS, VALUES, canonical, slot_code

METADATA_KEY = "huiliu.claims"
METADATA_BYTES_MAX = 1 << 20
VERSION = 1
WORDS_MAX = 1 << 16
"""Different words of one column within what is read at a time."""
KINDS_MAX = 64
NUMBER_MAX = 1 << 53
USE_MAX = 1 << 32
SHOWN_MAX = 40

FACT_PREFIX = "fact:"
PROVEN_PREFIX = "proven:"
PRODUCT_COLUMN = "product"
USAGE_PROVEN = "usage_proven"
WORD_COLUMNS: Mapping[str, str] = {code: name for name, code in FACTS.items() if name in VALUES}
"""Column -> the policy's fact, here and below."""
TRUTH_COLUMNS: Mapping[str, str] = {"forged_before": "曾伪造凭证", "exception_confirmed": "购买时确认"}
NUMBER_COLUMNS: Mapping[str, str] = {"age_seconds": "下单时长", "amount_minor": "金额"}
MONEY_COLUMNS = ("paid_minor", "fee_minor", "taken_minor", "decided_minor")
USE_COLUMNS = tuple(f"{basis}_{part}" for basis in ("units", "time", "promised") for part in ("total", "used"))
REQUIRED = ("claim_no", "reason", "product_kind", "age_seconds", "amount_minor", "evidence")
KNOWN = frozenset(
    {
        *REQUIRED,
        *WORD_COLUMNS,
        *TRUTH_COLUMNS,
        USAGE_PROVEN,
        PRODUCT_COLUMN,
        *MONEY_COLUMNS,
        *USE_COLUMNS,
        "unit",
        "decided",
    }
)
UNKNOWN_WORDS = frozenset({"", "unknown"})


class ClaimsFileError(Refusal):
    """The file of past claims cannot be read as one. facts: problem, and what it is about: column, word, limit."""

    code = "backtest.claims_file"
    status = 422

    def __init__(self, problem: str, **facts: Fact) -> None:
        about = ": ".join(str(facts[name]) for name in ("column", "word", "limit") if name in facts)
        super().__init__(**{"problem": f"claims_{problem}", "about": f" ({about})" if about else "", **facts})


class Layout(msgspec.Struct, frozen=True):
    """What a file says of its own codes, as its metadata carries it."""

    version: int = VERSION
    words: dict[str, list[str]] = {}
    evidence: list[str] = []


def read_layout(text: str) -> Layout:
    """The layout in a file's metadata. Raises ClaimsFileError: it is none, or names evidence that does not exist."""
    try:
        layout = msgspec.json.decode(text[:METADATA_BYTES_MAX], type=Layout)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ClaimsFileError("metadata") from error
    if layout.version != VERSION or len(layout.evidence) > KINDS_MAX:
        raise ClaimsFileError("metadata")
    for word in layout.evidence:
        _slot(word)
    return layout


def is_read(name: str) -> bool:
    """Whether a column of this name means anything here; all others are left alone."""
    return name in KNOWN or name.startswith((FACT_PREFIX, PROVEN_PREFIX))


def check_columns(schema: Mapping[str, pl.DataType], layout: Layout) -> None:
    """Raises ClaimsFileError: a required column is missing, or one has a type that it cannot have."""
    for name in REQUIRED:
        if name not in schema:
            raise ClaimsFileError("column_missing", column=name)
    for name, kind in schema.items():
        if is_read(name) and not _may_be(name, kind, layout):
            raise ClaimsFileError("column_type", column=name[:SHOWN_MAX], word=str(kind)[:SHOWN_MAX])


def _may_be(name: str, kind: pl.DataType, layout: Layout) -> bool:
    is_number, is_text = _is_number(kind), _is_text(kind)
    is_words = is_text or (is_number and name in layout.words)
    if name == "claim_no":
        return is_number or is_text
    if name == "evidence":
        return (is_number and bool(layout.evidence)) or (isinstance(kind, pl.List) and kind.inner == pl.String)
    if name in WORD_COLUMNS or name in (PRODUCT_COLUMN, "unit", "decided"):
        return is_words
    if name in TRUTH_COLUMNS or name == USAGE_PROVEN or name.startswith(PROVEN_PREFIX):
        return is_number or kind == pl.Boolean
    if name.startswith(FACT_PREFIX):
        return is_words or is_number or kind == pl.Boolean
    return is_number


def _is_number(kind: pl.DataType) -> bool:
    return kind.is_integer() and not str(kind).endswith("128")


def _is_text(kind: pl.DataType) -> bool:
    return kind == pl.String or isinstance(kind, pl.Categorical | pl.Enum)


@final
class Frame:
    """A table whose columns are checked, to be read as claims."""

    def __init__(self, frame: pl.DataFrame, layout: Layout) -> None:
        self._frame = frame
        self._layout = layout

    def claims(self, claim_nos: Callable[[Sequence[int]], list[str]]) -> ClaimColumns:
        """The table as claims. Raises ClaimsFileError: a word or a number that cannot be."""
        facts: dict[str, Column] = {}
        proven: dict[str, Truths] = {}
        for name, fact in WORD_COLUMNS.items():
            if name in self._frame:
                facts[fact] = self._words(name, lambda word, fact=fact: _known_word(fact, word))
        for name, fact in NUMBER_COLUMNS.items():
            facts[fact] = self._numbers(name, most=NUMBER_MAX)
        for name, fact in TRUTH_COLUMNS.items():
            if name in self._frame:
                facts[fact] = self._truths(name)
        if PRODUCT_COLUMN in self._frame:
            facts[PRODUCT] = self._words(PRODUCT_COLUMN, lambda word: word)
        told = frozenset(facts)
        if USAGE_PROVEN in self._frame and USAGE in facts:
            proven[USAGE] = self._truth(USAGE_PROVEN) & _has_word(facts[USAGE])
        confirmed = facts.get("购买时确认")
        if confirmed is not None:  # it is only ever known from the record of the purchase
            proven["购买时确认"] = _has_word(confirmed)
        for name in self._frame.columns:
            fact = _fact_name(name)
            if name.startswith(FACT_PREFIX):
                facts[fact] = self._any(name, fact)
                told -= {fact}
            elif name.startswith(PROVEN_PREFIX):
                proven[fact] = self._truth(name)
        evidence, kinds = self._evidence()
        return ClaimColumns(
            count=self._frame.height,
            facts=facts,
            proven=proven,
            evidence=evidence,
            evidence_kinds=kinds,
            money=self._money(),
            claim_nos=claim_nos,
            told=told,
            decided=self._words("decided", _outcome) if "decided" in self._frame else None,
            decided_minor=self._numbers("decided_minor", most=AMOUNT_MINOR_MAX)
            if "decided_minor" in self._frame
            else None,
        )

    def _money(self) -> MoneyColumns:
        def amount(name: str) -> Ints | None:
            return self._without_gaps(name, most=AMOUNT_MINOR_MAX) if name in self._frame else None

        paid = amount("paid_minor")
        return MoneyColumns(
            paid=self._without_gaps("amount_minor", most=AMOUNT_MINOR_MAX) if paid is None else paid,
            fee=amount("fee_minor"),
            taken=amount("taken_minor"),
            units=self._use("units"),
            time=self._use("time"),
            promised=self._use("promised"),
        )

    def _use(self, basis: str) -> Use | None:
        if f"{basis}_total" not in self._frame or f"{basis}_used" not in self._frame:
            return None
        total, used = (self._numbers(f"{basis}_{part}", most=USE_MAX) for part in ("total", "used"))
        known = total.known if used.known is None else used.known if total.known is None else total.known & used.known
        unit = self._words("unit", lambda word: word) if basis == "units" and "unit" in self._frame else None
        return Use(total.values, used.values, known, unit)

    def _numbers(self, name: str, *, most: int) -> Numbers:
        series = self._frame[name]
        known = None
        if series.null_count():
            known, series = series.is_not_null().to_numpy(), series.fill_null(0)
        values = series.to_numpy()
        if len(values) and not 0 <= int(values.min()) <= int(values.max()) <= most:
            bad = next(int(value) for value in values if not 0 <= value <= most)
            raise ClaimsFileError("number", column=name[:SHOWN_MAX], word=str(bad), limit=most)
        return Numbers(values, known)

    def _without_gaps(self, name: str, *, most: int) -> Ints:
        numbers = self._numbers(name, most=most)
        if numbers.known is not None:
            raise ClaimsFileError("gap", column=name[:SHOWN_MAX])
        return numbers.values

    def _words(self, name: str, read: Callable[[str], FactValue | None]) -> Words:
        """`read` gives what a word means, None for unknown, and raises LookupError for one that does not exist."""
        series = self._frame[name]
        if _is_number(series.dtype):
            texts = self._layout.words[name]
        else:
            series = series.cast(pl.String)
            texts = sorted(str(text) for text in series.drop_nulls().unique())
            if len(texts) > WORDS_MAX:
                raise ClaimsFileError("too_many_words", column=name[:SHOWN_MAX], limit=WORDS_MAX)
            series = series.cast(pl.Enum(texts)).to_physical()
        words: list[FactValue | None] = []
        for text in texts:
            try:
                words.append(read(text))
            except LookupError:
                raise ClaimsFileError("word", column=name[:SHOWN_MAX], word=text[:SHOWN_MAX]) from None
        if series.null_count():
            series = series.cast(pl.UInt32).fill_null(len(words))
            words.append(None)
        codes = series.to_numpy()
        if len(codes) and not 0 <= int(codes.min()) <= int(codes.max()) < len(words):
            raise ClaimsFileError("code", column=name[:SHOWN_MAX], limit=len(words) - 1)
        return Words(codes, tuple(words) or (None,))

    def _truths(self, name: str) -> Words:
        """0 and 1, gaps for unknown; 2 for unknown where gaps would be slow."""
        series = self._frame[name]
        series = series.cast(pl.UInt8) if series.dtype == pl.Boolean else series
        series = series.fill_null(2) if series.null_count() else series
        codes = series.to_numpy()
        if len(codes) and not 0 <= int(codes.min()) <= int(codes.max()) <= 2:
            raise ClaimsFileError("truth", column=name[:SHOWN_MAX])
        return Words(codes, (False, True, None))

    def _truth(self, name: str) -> Truths:
        """Like `_truths`, and what is not known is not so."""
        return self._truths(name).codes == 1

    def _any(self, name: str, fact: str) -> Column:
        kind = self._frame.schema[name]
        if kind == pl.Boolean:
            return self._truths(name)
        if _is_number(kind) and name not in self._layout.words:
            return self._numbers(name, most=NUMBER_MAX)
        return self._words(name, lambda word: (canonical(VALUES.get(fact, {}), word) or word) if word else None)

    def _evidence(self) -> tuple[Ints, tuple[str, ...]]:
        series = self._frame["evidence"]
        if _is_number(series.dtype):
            kinds = tuple(_slot(word) for word in self._layout.evidence)
            if series.null_count():
                raise ClaimsFileError("gap", column="evidence")
            codes = series.to_numpy()
            if len(codes) and not 0 <= int(codes.min()) <= int(codes.max()) < 1 << len(kinds):
                raise ClaimsFileError("code", column="evidence", limit=(1 << len(kinds)) - 1)
            return codes, kinds
        series = series.cast(pl.List(pl.String))
        words = sorted(str(word) for word in series.explode().drop_nulls().unique())
        if len(words) > KINDS_MAX:
            raise ClaimsFileError("too_many_words", column="evidence", limit=KINDS_MAX)
        kinds = tuple(sorted(SLOTS))
        bits = np.zeros(len(series), np.uint32)
        for word in words:
            has = series.list.contains(word).fill_null(value=False).to_numpy()
            bits |= has.astype(np.uint32) << np.uint32(kinds.index(_slot(word)))
        return bits, kinds


def _has_word(column: Column) -> Truths:
    assert isinstance(column, Words), "words and truths are coded"
    return np.array([word is not None for word in column.words], np.bool_).take(column.codes)


def _fact_name(name: str) -> str:
    _, _, fact = name.partition(":")
    return canonical(FACTS, fact) or fact


def _known_word(fact: str, word: str) -> str | None:
    found = canonical(VALUES[fact], word)
    if found is None and word not in UNKNOWN_WORDS:
        raise LookupError
    return found


def _outcome(word: str) -> Outcome | None:
    found = canonical(OUTCOMES, word)
    if found is None and word:
        raise LookupError
    return None if found is None else OUTCOMES[found]


def _slot(word: str) -> str:
    found = slot_code(word)
    if found is None:
        raise ClaimsFileError("word", column="evidence", word=word[:SHOWN_MAX])
    return found
