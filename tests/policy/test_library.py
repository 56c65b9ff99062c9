"""`huiliu.policy` works without a database and without a web server: said by importing and using it where neither exists."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SERVER_SIDE = {"actions.py", "reads.py", "store.py", "drafts/actions.py", "drafts/reads.py", "drafts/store.py"}
"""The modules that keep policies in the database."""

SCRIPT = """
import sys
from importlib.abc import MetaPathFinder

class Absent(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"psycopg", "psycopg_pool", "litestar", "granian", "httpx", "jinja2"}:
            raise ModuleNotFoundError(name)
        return None

sys.meta_path.insert(0, Absent())
from importlib import import_module
for name in sys.argv[2:]:
    import_module(name)

from pathlib import Path
from huiliu.policy.diff.situations import diff
from huiliu.policy.dmn.write import write_dmn
from huiliu.policy.evaluate import judge
from huiliu.policy.explain import advise, explain
from huiliu.policy.facts import read_facts
from huiliu.policy.lint.checks import lint
from huiliu.policy.parse import parse_policy

rules = parse_policy(Path(sys.argv[1]).read_text("utf-8"))
facts = read_facts(rules, {"退款原因": "不想要了", "下单时长": "2小时", "曾伪造凭证": False})
assert judge(rules, facts, frozenset()).clause.id == "F6"
assert advise(rules, facts, frozenset()).evidence == ("unused_declaration", "platform_check")
assert len(explain(rules, facts)) == len(rules.clauses)
lint(rules)
assert not diff(rules, rules).changes
assert write_dmn(rules).startswith(b"<?xml")
print("used")
"""


def test_everything_but_keeping_policies_is_usable_without_database_and_web_server() -> None:
    folder = ROOT / "src/huiliu/policy"
    modules = [
        ".".join(path.relative_to(ROOT / "src").with_suffix("").parts)
        for path in sorted(folder.rglob("*.py"))
        if path.relative_to(folder).as_posix() not in SERVER_SIDE and path.stem != "__init__"
    ]
    assert len(modules) > 30

    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(ROOT / "src/huiliu/demo/policy.yaml"), *modules],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )

    assert (done.returncode, done.stdout.strip()) == (0, "used"), done.stderr[-2000:]


def test_web_processes_start_without_the_column_libraries_of_the_back_test() -> None:
    script = "import sys, huiliu.app; print(sorted({'numpy', 'polars'} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=100)

    assert done.stdout.strip() == "[]"
