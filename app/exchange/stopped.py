"""Why an import had to stop, in words that say what to do next."""

from __future__ import annotations

import errno
from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.errors import Unavailable
from app.exchange.report import ImportReport

_REPEAT_ZH: Final = "这个文件一行也没有写入，在它之前的文件已经写入；排除原因后请重新执行同一命令，已写入的不会重复。"
_REPEAT_EN: Final = (
    "Nothing of this file was stored; the files before it are in. Remove the cause and run the same command again: what is in "
    "stays as it is."
)

_CAUSES: Final = {
    "DATABASE_UNAVAILABLE": ("数据库连不上或连接中断", "the database cannot be reached, or went away"),
    "STORAGE_FULL": ("磁盘已满", "the disk is full"),
    "OUT_OF_MEMORY": ("数据库内存不足", "the database ran out of memory"),
    "BUSY": ("相关的表正被占用", "its tables are in use"),
    "NOT_ALLOWED": ("数据库用户没有写入权限", "the database user may not write"),
    "STORE_REFUSED": ("数据库不接受其中的数据", "the database does not accept its data"),
    "FILE_ERROR": ("读写文件失败", "a file could not be read or written"),
}


class ImportStopped(Unavailable):
    """An import that could not go on. `report`: the files that are in; `file`: the one it stopped at; `cause`: a stable code."""

    code = "IMPORT_STOPPED"

    def __init__(self, cause: str, file: str, report: ImportReport, *, detail: str = "") -> None:
        zh, en = _CAUSES[cause]
        named = f" ({detail})" if detail else ""
        super().__init__(
            f"导入 {file} 时停止：{zh}{named}。{_REPEAT_ZH}",
            f"The import stopped at {file}: {en}{named}. {_REPEAT_EN}",
            file=file,
            cause=cause,
        )
        self.cause = cause
        self.file = file
        self.report = report


class ImportBusy(Unavailable):
    """Another import is at work on this database."""

    code = "IMPORT_BUSY"
    zh = "另一个导入正在进行；请等它结束后重新执行。"
    en = "Another import is at work. Wait until it has ended, then run this again."


def cause_of(error: SQLAlchemyError | OSError) -> tuple[str, str]:
    """The stable code of what stopped an import, and a detail without personal data: a constraint, a path, an errno."""
    if isinstance(error, OSError):
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        return "STORAGE_FULL" if full else "FILE_ERROR", f"{error.filename or ''} {error.strerror or ''}".strip()
    if not isinstance(error, DBAPIError):
        return "DATABASE_UNAVAILABLE", ""
    state = getattr(error.orig, "sqlstate", None) or ""
    constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None) or ""
    match state:
        case "53100":
            return "STORAGE_FULL", ""
        case "53200":
            return "OUT_OF_MEMORY", ""
        case "42501" | "25006":
            return "NOT_ALLOWED", ""
        case "55P03" | "40P01" | "40001":
            return "BUSY", ""
    if not state or state.startswith(("08", "57P", "53")):
        return "DATABASE_UNAVAILABLE", ""
    return "STORE_REFUSED", constraint or state
