"""What the browser tests need from the system: Chromium, and a font with Chinese characters.

Installs both when it may (root, with apt-get), says what to install otherwise.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PACKAGES = {"chromium": "chromium", "font": "fonts-noto-cjk"}
SKIP = "HUILIU_TEST_WITHOUT_BROWSER"


def main() -> int:
    """Zero when the browser tests can run, or were waived by name."""
    if os.environ.get(SKIP) == "1" or not missing():
        return 0
    wanted = missing()
    names = " ".join(PACKAGES[each] for each in wanted)
    if os.name == "posix" and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing {names} for the browser tests", flush=True)
        if _apt(["update"]) and _apt(["install", "--yes", "--no-install-recommends", "fontconfig", *names.split()]):
            return 1 if missing() else 0
        return 1
    print(
        f"The browser tests need {names}, which only the system's administrator can install:\n"
        f"    Debian, Ubuntu:  sudo apt-get update && sudo apt-get install {names}\n"
        f"    elsewhere:       a Chromium or Chrome on the PATH, and the Noto CJK fonts\n"
        f"Then run `make test` again; or run it without those tests:  {SKIP}=1 make test",
        file=sys.stderr,
    )
    return 1


def missing() -> list[str]:
    """Which of the two are not there."""
    wanted: list[str] = []
    if not any(shutil.which(name) for name in BROWSERS):
        wanted.append("chromium")
    if not _has_chinese_font():
        wanted.append("font")
    return wanted


def _has_chinese_font() -> bool:
    lister = shutil.which("fc-list")
    if lister is None:
        return False
    listed = subprocess.run([lister, ":lang=zh-cn", "family"], capture_output=True, text=True, check=False)
    return bool(listed.stdout.strip())


def _apt(arguments: list[str]) -> bool:
    environ = dict(os.environ) | {"DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(["apt-get", "-q", *arguments], env=environ, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(f"apt-get {arguments[0]} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}", file=sys.stderr)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
