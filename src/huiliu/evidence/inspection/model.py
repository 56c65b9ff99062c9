"""What looking at one piece of evidence yields, in words that every part of verification shares. Pure, no driver.

All coordinates are pixels of the upright original (after EXIF orientation), x to the right, y down. All values are text
in one normal form, named with each field below; money is yuan with two decimals, instants are ISO 8601 with an offset.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class Verdict(StrEnum):
    """What one picture is worth beside the records. Nothing here is a punishment: that takes a person."""

    CONSISTENT = "consistent"
    """Everything required was read and agrees with at least one record; nothing contradicts."""
    CONTRADICTED = "contradicted"
    """A record, the page itself or the calendar says otherwise. Pixels alone never lead here."""
    UNVERIFIABLE = "unverifiable"
    """无法核验: nothing to compare with, an unknown page, or only pixels give doubt."""
    RETAKE = "retake"
    """Too bad a picture to judge: the buyer is told what to do."""


class FieldName(StrEnum):
    """What may be read off a page. A layout file names its fields by these codes; their words are in evidence.toml."""

    AMOUNT = "amount"
    """Yuan paid, two decimals, no sign: 128.00."""
    ORDER_NO = "order_no"
    """The platform's order number; on a rail's bill it stands under 商家订单号 / 商户单号."""
    TRADE_NO = "trade_no"
    """The rail's own number of the payment (支付宝交易号 / 交易单号), digits only."""
    PAID_AT = "paid_at"
    """ISO 8601 to the second (or the minute, as printed), offset +08:00."""
    ORDERED_AT = "ordered_at"
    STATUS = "status"
    """One of StatusCode."""
    PAYEE = "payee"
    ACCOUNT = "account"
    """The account that was topped up, spaces removed; masked characters stay as *."""
    PRODUCT = "product"
    LEVEL = "level"
    EXPIRES_AT = "expires_at"
    """ISO date, or ISO instant when the page prints a time."""
    CLOCK = "clock"
    """The phone's own status bar, HH:MM in 24 hours."""
    TITLE = "title"
    """The page's navigation title."""
    CODE = "code"
    """The one-time code of 平台核验截图, when one was asked for and found."""


class StatusCode(StrEnum):
    """What a page says became of a payment, an order or a service, whatever words its app uses."""

    PAID = "paid"
    PENDING = "pending"
    FAILED = "failed"
    REFUNDED = "refunded"
    CLOSED = "closed"
    DELIVERED = "delivered"
    NOT_DELIVERED = "not_delivered"
    ACTIVE = "active"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class Box(msgspec.Struct, frozen=True):
    """An upright rectangle."""

    x: int
    y: int
    width: int
    height: int


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of text as OCR found it. `quad` is x1, y1 ... x4, y4 clockwise from the top left, in the picture."""

    text: str
    score: float
    """0 to 1, the reader's own confidence."""
    box: Box
    quad: tuple[float, ...]
    weakest: float = 1.0
    """The lowest confidence of any one character, or in there being none between two digits that stand far apart."""


class FieldRead(msgspec.Struct, frozen=True, kw_only=True):
    """One field that was read with its exact label and a plausible form. A doubtful one is missing, never guessed."""

    name: FieldName
    value: str
    text: str
    """As printed."""
    box: Box
    score: float


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the picture is clear. `problems` holds codes with words in evidence_look.toml; empty means clear."""

    width: int
    height: int
    sharpness: float
    """p95 of (1-px gradient / local contrast) on text edges: about 1 for a screenshot, below 0.5 nobody can read it."""
    flat_share: float
    """Share of pixels equal to their 5 x 5 median: above 0.5 a screenshot, below a photo of a screen."""
    is_screenshot: bool
    problems: tuple[str, ...] = ()


class Container(msgspec.Struct, frozen=True, kw_only=True):
    """The history that a file carries with it. Hints: every one can be stripped or forged."""

    media_type: str
    jpeg_quality: int | None = None
    """The libjpeg quality whose tables these are, when they are libjpeg's."""
    is_progressive: bool = False
    software: str = ""
    """EXIF or PNG text: the program that wrote the file."""
    taken_at: str = ""
    """EXIF DateTimeOriginal as printed there."""
    has_location: bool = False
    has_metadata: bool = False
    """EXIF, XMP, comments, text or a colour profile: anything beside the pixels."""
    has_editor_traces: bool = False
    """Photoshop, 美图 and the like named themselves in the file."""
    trailing_bytes: int = 0
    flags: tuple[str, ...] = ()
    """Codes such as polyglot_zip, script_in_comment; words in evidence_look.toml."""


class CheckVerdict(StrEnum):
    """What one comparison says."""

    AGREES = "agrees"
    CONTRADICTS = "contradicts"
    UNKNOWN = "unknown"
    """One side is not there, or it is too coarse to tell."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One named comparison with its two values. `name` has words in evidence_checks.toml."""

    name: str
    source: str
    """Whose record: order, payment, rail, platform, upload, claims, or page (the picture against itself)."""
    expected: str
    found: str
    verdict: CheckVerdict
    field: FieldName | None = None
    note: str = ""
    """Why it is unknown, or agrees only roughly: a code with words in evidence_checks.toml."""


class GlyphProof(msgspec.Struct, frozen=True, kw_only=True):
    """One suspicious glyph beside what trusted pages of the same kind show, so that a person sees why.

    `raster` and `reference` are grey PNGs in base64 (ink dark); `profile` and `reference_profile` are row-ink profiles,
    one number a pixel row from the top.
    """

    char: str
    box: Box
    distance: float
    raster: str
    reference: str
    profile: tuple[float, ...]
    reference_profile: tuple[float, ...]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One signal that the pixels or the container do not look untouched. Never a verdict by itself."""

    signal: str
    """Code with words in evidence_forgery.toml: glyph_profile, string_profile, background_noise, ghost, page_profile,
    editor_traces, container_history, same_raster ..."""
    score: float
    limit: float
    """The calibrated threshold that `score` passed."""
    boxes: tuple[Box, ...]
    field: FieldName | None = None
    glyphs: tuple[GlyphProof, ...] = ()
    note: str = ""
    """A fact for the words, such as the editor's name."""


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What records say about the thing in the picture; what is not known stays None. EXPECT.json has this shape."""

    order_no: str | None = None
    amount: str | None = None
    trade_no: str | None = None
    paid_at: datetime | None = None
    status: str | None = None
    """A StatusCode, or the words a page would print."""
    payee: str | None = None
    """The merchant's name; several names are parted by |."""
    account: str | None = None
    product: str | None = None
    expires_at: str | None = None
    uploaded_at: datetime | None = None
    code: str | None = None
    """The one-time code that the page gave for this slot."""
    delivered_at: datetime | None = None
    """When the platform's own log says that it was delivered."""


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """Everything found out about one picture (or one frame of a video)."""

    verdict: Verdict
    reasons: tuple[str, ...]
    """Codes that led to the verdict; words in evidence_checks.toml."""
    page: str
    """The layout that fitted: alipay_bill, wechat_bill, platform_order, membership, product_page ..., or unknown."""
    quality: Quality
    container: Container
    fields: tuple[FieldRead, ...]
    missing: tuple[FieldName, ...]
    """Required by the layout and not read."""
    checks: tuple[Check, ...]
    findings: tuple[Finding, ...]
    atlas: str = "none"
    """none, unknown_profile (无法核验: this phone or font is not in the atlas) or compared."""
    lines: tuple[Line, ...] = ()
    timings: dict[str, float] = msgspec.field(default_factory=dict[str, float])
    """Milliseconds by step: gate, look, read, check, forgery, total."""

    def field(self, name: FieldName) -> FieldRead | None:
        """The field of this name, if it was read."""
        return next((found for found in self.fields if found.name is name), None)
