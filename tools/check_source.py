"""The repository's own rules, read from its files. Each is a function of a text, so that a test can show it bites."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeAlias

ROOT = Path(__file__).resolve().parent.parent
MODULE_LINES_MAX = 399
FUNCTION_LINES_MAX = 69
MEASURED = ("src", "tools", "bench")

YOUNG_CSS = re.compile(r"\boklch\(|\boklab\(|\bcolor-mix\(|\blight-dark\(|:has\(|@layer\b|@container\b")
"""Old in-app browsers drop a whole rule, or a whole file, for one of these."""

YOUNG_JS = re.compile(r"\?\?=|\|\|=|&&=|\.at\(|\bstructuredClone\b|\.replaceAll\(|Object\.hasOwn\b")

BROUGHT_IN = re.compile(
    r"(^|/)(node_modules|vendor|third_party)/|\.min\.(js|css)$|\.(whl|woff2?|ttf|otf|jar|so|dll|map)$"
)
"""What a package index or npm carries is fetched and checked at installation, never kept here."""

ADDRESS = re.compile(r"://|\bfile:|^-", re.MULTILINE)
LOCKS = ("requirements.lock", "requirements-dev.lock", "package-lock.json")


Rule: TypeAlias = Callable[[str, str], Iterable[str]]
"""(name, text) -> what is wrong with it."""


def main() -> int:
    """Print every broken rule; zero when there is none."""
    problems = list(repository_problems(ROOT))
    for problem in problems:
        print(problem)
    return 1 if problems else 0


def repository_problems(root: Path) -> Iterable[str]:
    """Every rule over every file that git keeps or would keep."""
    names = _kept_files(root)
    yield from brought_in(names)
    yield from _over(root, names, r"\.py$", long_module, within=MEASURED)
    yield from _over(root, names, r"\.py$", long_functions, within=MEASURED)
    yield from _over(root, names, r"\.py$", without_docstring, within=("src", "tools"))
    yield from _over(root, names, r"\.css$", young_css)
    yield from _over(root, names, r"\.js$", young_js)
    for name in LOCKS:
        yield from addresses(name, (root / name).read_text("utf-8"))


def long_module(name: str, text: str) -> Iterable[str]:
    """A module that needs scrolling to be understood should become two, or a folder of the same name."""
    lines = text.count("\n") + 1
    if lines > MODULE_LINES_MAX:
        yield f"{name}: {lines} lines; split it ({MODULE_LINES_MAX} at most)"


def long_functions(name: str, text: str) -> Iterable[str]:
    """A function fits on one screen."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                yield f"{name}:{node.lineno}: {node.name} has {lines} lines ({FUNCTION_LINES_MAX} at most)"


def without_docstring(name: str, text: str) -> Iterable[str]:
    """Every public module, class and function says what it achieves."""
    tree = ast.parse(text)
    if tree.body and ast.get_docstring(tree) is None:
        yield f"{name}:1: the module has no docstring"
    yield from _undocumented(name, tree)


def _undocumented(name: str, node: ast.Module | ast.ClassDef) -> Iterable[str]:
    for each in node.body:
        if not isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or each.name.startswith("_"):
            continue
        is_overload = not isinstance(each, ast.ClassDef) and any(
            "overload" in ast.unparse(d) for d in each.decorator_list
        )
        if ast.get_docstring(each) is None and not is_overload:
            yield f"{name}:{each.lineno}: {each.name} has no docstring"
        if isinstance(each, ast.ClassDef):
            yield from _undocumented(name, each)


def young_css(name: str, text: str) -> Iterable[str]:
    """Stylesheets must work in browsers that are a few years old."""
    yield from _matches(
        name, re.sub(r"/\*.*?\*/", _blank, text, flags=re.DOTALL), YOUNG_CSS, "is too young for old browsers"
    )


def young_js(name: str, text: str) -> Iterable[str]:
    """So must scripts."""
    yield from _matches(name, text, YOUNG_JS, "is too young for old browsers")


def addresses(name: str, text: str) -> Iterable[str]:
    """A lock names hashes and no places, so that any mirror may serve it."""
    yield from _matches(name, text, ADDRESS, "is an address or an option in a lock file")


def brought_in(names: Iterable[str]) -> Iterable[str]:
    """Nobody else's file is kept in this repository."""
    for name in names:
        if BROUGHT_IN.search(name):
            yield f"{name}: comes from elsewhere; fetch it at installation instead"


def _matches(name: str, text: str, pattern: re.Pattern[str], why: str) -> Iterable[str]:
    for number, line in enumerate(text.splitlines(), start=1):
        for found in pattern.finditer(line):
            yield f"{name}:{number}: {found.group()!r} {why}"


def _blank(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", found.group())


def _over(
    root: Path,
    names: Iterable[str],
    pattern: str,
    rule: Rule,
    *,
    within: tuple[str, ...] = (),
) -> Iterable[str]:
    for name in names:
        if re.search(pattern, name) and (not within or name.startswith(tuple(f"{each}/" for each in within))):
            yield from rule(name, (root / name).read_text("utf-8"))


def _kept_files(root: Path) -> list[str]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return sorted(name for name in listed.stdout.split("\0") if name and (root / name).is_file())


if __name__ == "__main__":
    sys.exit(main())
