"""The process that parses a file from elsewhere: few rights, no network, one driver. Its answer goes to standard output.

Called by `app.uploads.apart`. The answer is one line of JSON (a refusal, or what the reader says), then the reader's bytes.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import resource
import sys
from contextlib import suppress
from typing import Any, Final

# This module is imported with nothing else, so that the limits hold before any library is loaded.

_NEW_NETWORK: Final = 0x4000_0000
_NEW_USER: Final = 0x1000_0000


def main() -> None:
    """Read the task (JSON) from standard input, do what its `reader` (`module:function`) does with it, and answer."""
    from app.uploads.refused import UploadRefused

    task: dict[str, Any] = json.load(sys.stdin)
    out = sys.stdout.buffer
    confine(task["memory"], task["seconds"])
    module, _, function = task["reader"].partition(":")
    try:
        said, content = getattr(importlib.import_module(module), function)(task)
    except UploadRefused as refused:
        zh, en = refused.detail
        out.write(json.dumps({"refused": refused.code, "zh": zh, "en": en}).encode() + b"\n")
        return
    out.write(json.dumps(said).encode() + b"\n")
    out.write(content)
    out.flush()


def confine(memory: int, seconds: int) -> None:
    """Limits on memory (bytes of address space) and processor time, and no network where the kernel lets this user have one of its own."""
    for kind, wanted in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0)):
        _, highest = resource.getrlimit(kind)
        limit = wanted if highest == resource.RLIM_INFINITY else min(wanted, highest)
        resource.setrlimit(kind, (limit, limit))
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None, use_errno=True)
        if library.unshare(_NEW_NETWORK) != 0:
            library.unshare(_NEW_USER | _NEW_NETWORK)
