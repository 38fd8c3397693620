"""Locks this process in, for good: from here on it reads what it has open, and writes to the pipe it has.

Only the standard library is used: the process that reads files has nothing else. Every step that the system has is
taken; on Linux it is an error if one fails, elsewhere what exists must do.
"""

import ctypes
import os
import resource
import sys
from struct import pack

MEMORY = 512 * 1024 * 1024
NOBODY = 65534
PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 4, 38
LANDLOCK_CREATE_RULESET, LANDLOCK_RESTRICT_SELF = 444, 446  # the same number on every architecture
LANDLOCK_VERSION = 1
FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many rights on files each version of Landlock knows; newer ones know at least as many as the last."""
NETWORK_FROM, NETWORK_RIGHTS = 4, 0b11
SCOPES_FROM, SCOPES = 6, 0b11


def lock_in(seconds: int) -> None:
    """No file, no socket, no process, no privilege; `seconds` of the processor, and MEMORY bytes."""
    drop_privileges()
    if sys.platform == "linux":
        _on_linux()
    for name, value in (
        ("RLIMIT_AS", MEMORY),
        ("RLIMIT_CPU", seconds),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_FSIZE", 0),
        ("RLIMIT_NPROC", 0),
        ("RLIMIT_NOFILE", 0),  # what is open stays open; nothing can be opened any more, no socket either
    ):
        _limit(name, value)


def drop_privileges() -> None:
    """Root becomes nobody."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY) if hasattr(os, "setresgid") else os.setgid(NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY) if hasattr(os, "setresuid") else os.setuid(NOBODY)


def _limit(name: str, value: int) -> None:
    try:
        resource.setrlimit(getattr(resource, name), (value, value))
    except (AttributeError, ValueError, OSError):
        if sys.platform == "linux":
            raise


def _on_linux() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    for option, value in ((PR_SET_NO_NEW_PRIVS, 1), (PR_SET_DUMPABLE, 0)):
        if libc.prctl(option, value, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
    _landlock(libc)


def _landlock(libc: ctypes.CDLL) -> None:
    """Takes away every right on files by name, removing and renaming too, where the kernel has Landlock (from 5.13)."""
    version = libc.syscall(LANDLOCK_CREATE_RULESET, None, 0, LANDLOCK_VERSION)
    if version < 1:
        return
    files = (1 << FILE_RIGHTS.get(version, FILE_RIGHTS[max(FILE_RIGHTS)])) - 1
    asked = pack("=Q", files)
    if version >= NETWORK_FROM:
        asked += pack("=Q", NETWORK_RIGHTS)
    if version >= SCOPES_FROM:
        asked += pack("=Q", SCOPES)
    rules = libc.syscall(LANDLOCK_CREATE_RULESET, asked, len(asked), 0)
    if rules < 0 or libc.syscall(LANDLOCK_RESTRICT_SELF, rules, 0) != 0:
        raise OSError(ctypes.get_errno(), "landlock")
    os.close(rules)
