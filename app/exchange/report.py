"""What became of an import, file by file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from app.exchange.rejections import FileRefused

ALL_IN: Final = 0
NOTHING_READ: Final = 2
SOME_REJECTED: Final = 3


@dataclass(frozen=True)
class FileReport:
    """One file: records read = stored + unchanged + replaced + rejected.

    `stored`: new; `unchanged`: already there, or there twice in the file; `replaced`: stored before in another version.
    `refused`: why nothing of the file could be taken, else None.
    """

    file: str
    read: int = 0
    stored: int = 0
    unchanged: int = 0
    replaced: int = 0
    rejected: int = 0
    seconds: float = 0.0
    refused: FileRefused | None = None

    def as_json(self) -> dict[str, Any]:
        """The report of the file as plain values."""
        refused = self.refused
        return {
            "file": self.file,
            "read": self.read,
            "stored": self.stored,
            "unchanged": self.unchanged,
            "replaced": self.replaced,
            "rejected": self.rejected,
            "seconds": round(self.seconds, 3),
            "refused": refused and {"code": refused.code, "row": refused.row, "zh": refused.zh, "en": refused.en},
        }


@dataclass(frozen=True)
class ImportReport:
    """One import. `ignored`: files of the folder that are none of the interchange; `rejected_file`: where the refused rows are."""

    directory: Path
    files: tuple[FileReport, ...] = ()
    ignored: tuple[str, ...] = ()
    rejected_file: Path | None = None
    seconds: float = 0.0
    problem: tuple[str, str] | None = field(default=None)
    """Chinese and English: why there was nothing to read."""

    @property
    def exit_code(self) -> int:
        """0 all in, 3 some rejected, 2 nothing could be read."""
        if all(one.refused for one in self.files):
            return NOTHING_READ
        return SOME_REJECTED if any(one.refused or one.rejected for one in self.files) else ALL_IN

    def as_json(self) -> dict[str, Any]:
        """The report as plain values."""
        return {
            "directory": str(self.directory),
            "exit_code": self.exit_code,
            "seconds": round(self.seconds, 3),
            "files": [one.as_json() for one in self.files],
            "ignored": list(self.ignored),
            "rejected_file": self.rejected_file and str(self.rejected_file),
            "problem": self.problem and {"zh": self.problem[0], "en": self.problem[1]},
        }
