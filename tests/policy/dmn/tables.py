"""Short ways to write a DMN file."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

HERE = Path(__file__).parent
NAMESPACE = "https://www.omg.org/spec/DMN/20191111/MODEL/"


def table(
    *rules: tuple[str, ...], hit: str = "UNIQUE", kind: str = "number", values: str = "", outputs: str = ""
) -> bytes:
    """A table of one decision: the last of each rule's texts is its output, the others its inputs."""
    inputs = "".join(
        f'<input label="in {i}"><inputExpression typeRef="{kind}"><text>x{i}</text></inputExpression>'
        + (f"<inputValues><text>{escape(values)}</text></inputValues>" if values else "")
        + "</input>"
        for i in range(len(rules[0]) - 1)
    )
    listed = f"<outputValues><text>{escape(outputs)}</text></outputValues>" if outputs else ""
    body = "".join(
        "<rule>"
        + "".join(f"<inputEntry><text>{escape(cell)}</text></inputEntry>" for cell in rule[:-1])
        + f"<outputEntry><text>{escape(rule[-1])}</text></outputEntry></rule>\n"
        for rule in rules
    )
    return document(
        f'<decision id="d" name="D"><decisionTable hitPolicy="{hit}">{inputs}'
        f'<output name="out">{listed}</output>\n{body}</decisionTable></decision>'
    )


def document(content: str) -> bytes:
    """A file of DMN 1.3 with that in it."""
    return f'<definitions xmlns="{NAMESPACE}" name="n" namespace="urn:n">{content}</definitions>'.encode()
