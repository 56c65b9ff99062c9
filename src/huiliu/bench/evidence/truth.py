"""What is written beside each made picture: everything that a reader, a check or a detector should find in it."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from huiliu.evidence.inspection.model import Box, FieldName


class PageKind(StrEnum):
    """The pages that buyers send; the first five are the layouts' codes."""

    ALIPAY_BILL = "alipay_bill"
    WECHAT_BILL = "wechat_bill"
    PLATFORM_ORDER = "platform_order"
    MEMBERSHIP = "membership"
    PRODUCT_PAGE = "product_page"
    ENGLISH = "english"
    BLANK = "blank"


class Kept(StrEnum):
    """How the picture reached us."""

    PNG = "png"
    JPG = "jpg"
    WECHAT = "wechat"
    HALF = "half"
    CROP = "crop"
    PHOTO = "photo"
    BLUR = "blur"
    UPSIDE_DOWN = "upside_down"
    LONG = "long"
    THUMBNAIL = "thumbnail"


READABLE = (Kept.PNG, Kept.JPG, Kept.WECHAT, Kept.HALF, Kept.CROP, Kept.PHOTO)
"""Pictures that a careful person reads without error."""
EDITED = (Kept.PNG, Kept.JPG, Kept.WECHAT)
"""The containers in which forgeries are made."""


class Attack(StrEnum):
    """What a forger did; NONE is an honest picture."""

    NONE = "none"
    OTHER_FONT = "otherfont"
    PS_LIKE = "ps_like"
    SAME_FONT = "samefont_ft"
    COPY_DIGIT = "copydigit"
    SPLICE_JPG = "splice_jpg"
    SPLICE_PNG = "splice_png"
    STATUS = "status_ft"
    FAKE_PAGE = "fakegen"
    DOM_EDIT = "domedit"


FORGERIES = tuple(attack for attack in Attack if attack is not Attack.NONE)


class TruthField(msgspec.Struct, frozen=True, kw_only=True):
    """One field as it stands in the picture, forged or not."""

    name: FieldName
    value: str
    text: str
    box: Box
    label: str = ""


class Attacked(msgspec.Struct, frozen=True, kw_only=True):
    """What was changed, and where. `shift_seconds` is set when a time was."""

    field: FieldName
    before: str
    after: str
    box: Box
    shift_seconds: int = 0
    edited_copy: bool = False
    """The copy that a messenger had already made was edited, not the original."""


class Expect(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the records say, in the shape of EXPECT.json. A forger does not change it."""

    order_no: str | None = None
    amount: str | None = None
    trade_no: str | None = None
    paid_at: str | None = None
    status: str | None = None
    payee: str | None = None
    account: str | None = None
    product: str | None = None
    expires_at: str | None = None
    uploaded_at: str | None = None


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """One line of manifest.jsonl. `file` is relative to the manifest."""

    file: str
    seed: str
    base: int
    kind: PageKind
    device: str
    device_known: bool
    """False: a telephone that no training picture shows."""
    dark: bool
    container: Kept
    attack: Attack
    width: int
    height: int
    fields: tuple[TruthField, ...]
    expect: Expect
    attacked: Attacked | None = None
    jpeg_qualities: tuple[int, ...] = ()
