"""Linux's Landlock: a process gives up the whole file system, other processes and the network, for good.

https://docs.kernel.org/userspace-api/landlock.html. Resource limits keep a taken-over decoder from opening anything; this
also keeps it from deleting, renaming, running, tracing or signalling. Where the kernel has none, the limits must do.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys

CREATE_RULESET, RESTRICT_SELF = 444, 446
VERSION_FLAG = 1
PR_SET_NO_NEW_PRIVS = 38
FILES_BY_VERSION = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
"""Every right over files that a version knows, so that all of them are given up."""
NETWORK = 0b11
"""bind and connect over TCP."""
SCOPES = 0b11
"""Abstract sockets and signals of processes outside."""
NETWORK_FROM, SCOPES_FROM = 4, 6

_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def landlock_version() -> int:
    """What this kernel can restrict; 0 for nothing."""
    return 0 if _LIBC is None else max(0, int(_LIBC.syscall(CREATE_RULESET, None, 0, VERSION_FLAG)))


def give_up_everything() -> bool:
    """Restrict this process and all it may start. False where the kernel cannot."""
    version = landlock_version()
    if _LIBC is None or version < 1:
        return False
    files = FILES_BY_VERSION[min(version, max(FILES_BY_VERSION))]
    rights = struct.pack(
        "=QQQ", files, NETWORK if version >= NETWORK_FROM else 0, SCOPES if version >= SCOPES_FROM else 0
    )
    known = 24 if version >= SCOPES_FROM else 16 if version >= NETWORK_FROM else 8
    ruleset = int(_LIBC.syscall(CREATE_RULESET, rights, known, 0))
    if ruleset < 0:
        return False
    try:
        _LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        return int(_LIBC.syscall(RESTRICT_SELF, ruleset, 0)) == 0
    finally:
        os.close(ruleset)
