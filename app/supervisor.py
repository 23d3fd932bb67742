"""Keeps a worker process running beside the server."""

import logging
import os
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

log = logging.getLogger("guidan.worker")

LONGEST_PAUSE_S = 30.0
PATIENCE_S = 5.0
"""How long a worker may take to end before it is killed."""


class Supervisor:
    """Starts the worker, starts it again when it dies (pausing longer each time), and ends it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stopping = Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._thread = Thread(target=self._watch, name="worker supervisor", daemon=True)

    def start(self) -> None:
        """Start the worker and watch over it."""
        self._thread.start()

    def stop(self) -> None:
        """End the worker; what it was doing is rolled back and picked up by the next one."""
        self._stopping.set()
        child = self._child
        if child is not None:
            if child.stdin is not None:
                child.stdin.close()
            try:
                child.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                child.kill()
        self._thread.join(PATIENCE_S)

    @property
    def pid(self) -> int | None:
        """The worker's process, None while there is none."""
        child = self._child
        return child.pid if child is not None and child.poll() is None else None

    def _watch(self) -> None:
        pause = 1.0
        while not self._stopping.is_set():
            with self._start() as child:
                self._child = child
                assert child.stdin is not None
                try:
                    child.stdin.write(self._url.encode() + b"\n")
                    child.stdin.flush()
                except OSError:
                    log.warning("the worker ended at its start")
                if self._stopping.is_set():
                    child.stdin.close()
                child.wait()
            if self._stopping.wait(pause):
                break
            log.warning("the worker ended with %s and is started again", child.returncode)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    @staticmethod
    def _start() -> subprocess.Popen[bytes]:
        # The checkout need not be the current folder, nor installed.
        root = str(Path(__file__).resolve().parent.parent)
        path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        # Imported and not run as a script: its jobs go by the names of their modules.
        work = "from app.worker import main; main()"
        return subprocess.Popen(
            [sys.executable, "-c", work], stdin=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}
        )
