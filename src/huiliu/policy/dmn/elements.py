"""XML as elements with places: no DTD, no entities, nothing fetched, and bounded before anything is kept."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from io import BytesIO
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler, feature_namespaces
from xml.sax.xmlreader import AttributesNSImpl, InputSource, Locator

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from huiliu.policy.dmn.model import TableError
from huiliu.policy.document import Place
from huiliu.policy.model import Problem

SOURCE_BYTES_MAX = 1024 * 1024
DEPTH_MAX = 32
ELEMENTS_MAX = 50_000
TEXT_CHARS_MAX = 8_000
ATTRIBUTES_MAX = 32

_DECLARED = re.compile(rb"^<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")


@dataclass
class Element:
    """One element: its namespace and local name, attributes without a namespace, children and its own text."""

    namespace: str
    name: str
    attributes: dict[str, str]
    place: Place
    children: list[Element] = field(default_factory=list["Element"])
    text: str = ""

    def all(self, name: str) -> list[Element]:
        """Its children of that name, in its own namespace."""
        return [child for child in self.children if child.name == name and child.namespace == self.namespace]

    def first(self, name: str) -> Element | None:
        """Its first child of that name."""
        return next(iter(self.all(name)), None)


def read_elements(source: bytes) -> Element:
    """The root of an XML file in UTF-8. Raises TableError with the place where it stops being one we read."""
    if len(source) > SOURCE_BYTES_MAX:
        raise refused(Place(1, 1), "too_large", limit=SOURCE_BYTES_MAX)
    plain = source.removeprefix(b"\xef\xbb\xbf")
    _check_encoding(plain)
    builder = _Builder()
    parser = DefusedExpatParser(forbid_dtd=True)
    parser.setFeature(feature_namespaces, True)
    parser.setContentHandler(builder)
    opened = InputSource()
    opened.setByteStream(BytesIO(plain))
    try:
        parser.parse(opened)
    except DefusedXmlException as error:
        raise refused(builder.place, "doctype") from error
    except SAXParseException as error:
        place = Place(error.getLineNumber() or 1, (error.getColumnNumber() or 0) + 1)
        raise refused(place, "xml", detail=error.getMessage()[:120]) from error
    assert builder.root is not None, "the parser refuses a file without a root"
    return builder.root


def refused(place: Place, code: str, **facts: str | int) -> TableError:
    """One problem that ends the reading."""
    return TableError((Problem(place.line, place.column, f"dmn.problem.{code}", facts),))


def _check_encoding(source: bytes) -> None:
    try:
        text = source.decode("utf-8")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise refused(Place(line, error.start - source.rfind(b"\n", 0, error.start)), "not_utf8") from error
    declared = _DECLARED.match(source)
    if declared is not None and declared[1].lower() not in (b"utf-8", b"us-ascii"):
        raise refused(Place(1, 1), "encoding", word=declared[1].decode("ascii"))
    control = _CONTROLS.search(text)
    if control is not None:
        line = text.count("\n", 0, control.start()) + 1
        raise refused(Place(line, control.start() - text.rfind("\n", 0, control.start())), "control_character")


class _Builder(ContentHandler):
    """Keeps the open elements; the bounds are checked as each begins."""

    def __init__(self) -> None:
        super().__init__()
        self.root: Element | None = None
        self._open: list[Element] = []
        self._count = 0
        self._locator: Locator | None = None

    @property
    def place(self) -> Place:
        """Where the parser is."""
        if self._locator is None:
            return Place(1, 1)
        return Place(self._locator.getLineNumber() or 1, (self._locator.getColumnNumber() or 0) + 1)

    def setDocumentLocator(self, locator: Locator) -> None:  # noqa: N802 the parser's name for it
        self._locator = locator

    def startElementNS(  # noqa: N802 the parser's name for it
        self, name: tuple[str | None, str], qname: str | None, attrs: AttributesNSImpl
    ) -> None:
        self._count += 1
        if self._count > ELEMENTS_MAX:
            raise refused(self.place, "too_many_elements", limit=ELEMENTS_MAX)
        if len(self._open) >= DEPTH_MAX:
            raise refused(self.place, "too_deep", limit=DEPTH_MAX)
        if len(attrs) > ATTRIBUTES_MAX:
            raise refused(self.place, "too_many_attributes", limit=ATTRIBUTES_MAX)
        own = {local: str(value) for (namespace, local), value in attrs.items() if namespace is None}
        if any(len(value) > TEXT_CHARS_MAX for value in own.values()):
            raise refused(self.place, "text_too_long", limit=TEXT_CHARS_MAX)
        element = Element(name[0] or "", name[1], own, self.place)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def endElementNS(self, name: tuple[str | None, str], qname: str | None) -> None:  # noqa: N802
        self._open.pop()

    def characters(self, content: str) -> None:
        if not self._open:
            return
        element = self._open[-1]
        if len(element.text) + len(content) > TEXT_CHARS_MAX:
            raise refused(self.place, "text_too_long", limit=TEXT_CHARS_MAX)
        element.text += content
