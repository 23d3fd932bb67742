"""Why a file of territories does not go in or out."""

from app.errors import Conflict, Invalid, Unavailable
from app.territories.files.words import of_file


class TerritoryFileRefused(Invalid):
    """A file that cannot be taken at all; its code says why."""

    def __init__(self, code: str, detail: tuple[str, str] = ("", "")) -> None:
        zh, en = of_file(code, detail)
        facts = {"choices": ["CGCS2000", "WGS84", "GCJ02", "BD09"]} if code.startswith("CRS_UN") else {}
        self.code = code
        super().__init__(zh, en, **facts)


class RowsRefused(Invalid):
    """Nothing is saved, because records are refused: all of them, or some where all were to be good."""

    code = "TERRITORY_ROWS_REFUSED"
    zh = "有记录被拒绝，没有任何改动；请按 rows 改正后重新导入，或不用 strict 只导入好的记录。"
    en = "Records are refused; nothing was changed. Correct them as rows says, or import the good ones without strict."


class NothingGood(RowsRefused):
    code = "TERRITORY_ROWS_ALL_REFUSED"
    zh = "没有一条记录可以导入，没有任何改动；请按 rows 改正后重新导入。"
    en = "No record can be taken; nothing was changed. Correct them as rows says, then import again."


class NotEncodable(Conflict):
    code = "TERRITORY_TEXT_NOT_ENCODABLE"
    zh = "有的团队名称无法用所选编码写出；请改用 UTF-8。"
    en = "A team's name cannot be written in this encoding. Use UTF-8."


class TooManyFiles(Unavailable):
    code = "TERRITORY_FILES_BUSY"
    zh = "正在读取别的文件；请稍后再试同一请求。"
    en = "Other files are being read. Try the same request again shortly."
    retry_after = 5


class PersonMissing(Invalid):
    code = "TERRITORY_PERSON_MISSING"
    zh = "请用 by 说明是谁导入；它会记入方案的历史。"
    en = "Say by whom it is imported (by); it goes into the plan's history."


class ColumnMalformed(Invalid):
    code = "TERRITORY_COLUMN_MALFORMED"
    zh = "column 应写成 team_code=列名 的形式。"
    en = "Write column as team_code=NAME."
