"""The checks are plain values in, plain values out: web processes import them, so nothing heavy may come along."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import huiliu.evidence.checks as package

HEAVY = ("numpy", "cv2", "onnxruntime", "faiss", "PIL", "psycopg", "litestar", "rich")


def test_no_check_brings_a_picture_library_a_driver_or_a_web_server_along() -> None:
    modules = sorted(path.stem for path in Path(package.__path__[0]).glob("*.py") if path.stem != "__init__")
    assert len(modules) > 10
    script = "import sys\nfrom importlib import import_module\n" + "".join(
        f"import_module('huiliu.evidence.checks.{module}')\n" for module in modules
    )
    script += f"print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=100)
    assert done.stdout.strip() == "[]"
