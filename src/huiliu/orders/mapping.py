"""How one platform's sheet is to be read: which column is which field, what its words mean, its constants and units."""

from __future__ import annotations

import tomllib
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from huiliu.orders.model import ColumnsMissing, ColumnTwice, MappingBad
from huiliu.orders.search import fold
from huiliu.orders.words import FIELDS, REQUIRED, VALUES, code_of, field_of_heading

MAPPING_BYTES_MAX = 256 * 1024


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mapping file; every part is optional and adds to the built-in words."""

    columns: dict[str, str] = {}
    """field -> the column's heading."""
    constants: dict[str, str] = {}
    """field -> what every row says, where the sheet itself says nothing."""
    values: dict[str, dict[str, str]] = {}
    """field -> {the sheet's word -> code}."""
    amount_unit: Literal["yuan", "fen"] = "yuan"
    time_format: str = ""
    """strptime's codes, or `epoch`, or `epoch_ms`; empty reads the usual Chinese and ISO forms."""
    time_zone: str = "Asia/Shanghai"
    sheet: str = ""
    """The name of the workbook's sheet; empty takes the first."""

    @property
    def zone(self) -> ZoneInfo:
        """The zone of times that name none."""
        return ZoneInfo(self.time_zone)

    def code(self, field: str, text: str) -> str | None:
        """The code that a word of this sheet stands for, or None."""
        own = {fold(word): code for word, code in self.values.get(field, {}).items()}
        return own.get(fold(text)) or code_of(field, text)


def parse_mapping(text: str) -> Mapping:
    """Read a mapping file. Raises MappingBad."""
    if len(text) > MAPPING_BYTES_MAX:
        raise MappingBad(detail=f"> {MAPPING_BYTES_MAX} bytes")
    try:
        mapping = msgspec.convert(tomllib.loads(text), Mapping)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise MappingBad(detail=str(error)) from None
    for field in (*mapping.columns, *mapping.constants, *mapping.values):
        if field not in FIELDS:
            raise MappingBad(detail=f"{field}: no such field / 没有这个字段")
    for field, words in mapping.values.items():
        for code in words.values():
            if field not in VALUES or code not in VALUES[field]:
                raise MappingBad(detail=f"values.{field}: {code}")
    try:
        _ = mapping.zone
    except (ZoneInfoNotFoundError, ValueError):
        raise MappingBad(detail=f"time_zone: {mapping.time_zone}") from None
    return mapping


def match_columns(headings: list[str], mapping: Mapping) -> dict[str, int]:
    """field -> index of its column. Raises ColumnsMissing or ColumnTwice.

    The mapping's word beats the built-in ones; of several known headings for one field the better one counts
    (实付金额 before 金额), and two equally good ones are refused.
    """
    wanted = {fold(heading): field for field, heading in mapping.columns.items()}
    best: dict[str, tuple[int, int]] = {}
    for index, heading in enumerate(headings):
        named = wanted.get(fold(heading))
        known = field_of_heading(heading)
        field, rank = (named, -1) if named else known or (None, 0)
        if field is None or (rank >= 0 and field in mapping.columns):
            continue
        if field in best and best[field][0] == rank:
            raise ColumnTwice(column=field, first=headings[best[field][1]], second=heading)
        if field not in best or rank < best[field][0]:
            best[field] = (rank, index)
    missing = [field for field in mapping.columns if field not in best]
    missing += [field for field in REQUIRED if field not in best and field not in mapping.constants]
    if missing:
        seen = "、".join(heading for heading in headings if heading)[:300]
        raise ColumnsMissing(columns="、".join(dict.fromkeys(missing)), seen=seen)
    return {field: index for field, (_, index) in best.items()}
