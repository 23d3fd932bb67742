"""Draws in a process of its own, within limits of time and memory: what people have drawn may be anything."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from threading import BoundedSemaphore
from typing import Final, Literal

from app.territories.pictures.errors import FontMissing, PictureBusy, PictureTooCostly

SECONDS: Final = 120
PROCESSOR_SECONDS: Final = 60
"""By the clock, as the machine may be busy with others, and of work."""

MEMORY_BYTES: Final = 3 * 1024**3
AT_ONCE: Final = 2
"""Pictures that a process has drawn at the same time."""

NO_FONT: Final = 3
"""Exit code of the child when there is no Chinese font."""

Format = Literal["png", "pdf"]

_drawing = BoundedSemaphore(AT_ONCE)


def render(scene: bytes, format_: Format, *, seconds: float = SECONDS, memory: int = MEMORY_BYTES) -> bytes:
    """The picture of a scene as `Scene.dump` gives it. Raises `FontMissing`, `PictureTooCostly`, `PictureBusy`."""
    if not _drawing.acquire(timeout=seconds):
        raise PictureBusy
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "app.territories.pictures.render", format_, str(memory), str(PROCESSOR_SECONDS)],
            input=scene,
            capture_output=True,
            timeout=seconds,
            check=False,
            env={
                **os.environ,
                "MPLCONFIGDIR": _kept(),
                "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
                "OPENBLAS_NUM_THREADS": "1",
            },
        )
    except subprocess.TimeoutExpired as error:
        raise PictureTooCostly from error
    finally:
        _drawing.release()
    if ended.returncode == NO_FONT:
        raise FontMissing
    if ended.returncode != 0 or not ended.stdout:
        raise PictureTooCostly
    return ended.stdout


def _kept() -> str:
    """Where matplotlib keeps its list of fonts: a folder that only this user can write."""
    folder = Path(tempfile.gettempdir()) / f"guidan-pictures-{os.geteuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_uid == os.geteuid() and not folder.is_symlink():
            return str(folder)
    except OSError:
        pass
    return tempfile.mkdtemp(prefix="guidan-pictures-")


def main() -> None:
    """The child: a scene on standard input, the picture on standard output."""
    format_, memory, seconds = sys.argv[1:4]
    resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
    from app.territories.pictures.fonts import NoChineseFontError
    from app.territories.pictures.page import draw
    from app.territories.pictures.scene import Scene

    try:
        picture = draw(Scene.load(sys.stdin.buffer.read()), "pdf" if format_ == "pdf" else "png")
    except NoChineseFontError:
        sys.exit(NO_FONT)
    sys.stdout.buffer.write(picture)


if __name__ == "__main__":
    main()
