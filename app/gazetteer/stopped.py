"""What stops the care of the gazetteer."""

from app.errors import NotFound, Unavailable


class GazetteerStopped(Unavailable):
    """The store failed; nothing was changed."""

    code = "GAZETTEER_STOPPED"

    def __init__(self, cause: str = "DATABASE_UNAVAILABLE", detail: str = "") -> None:
        named = f" ({detail})" if detail else ""
        super().__init__(
            f"数据库出错（{cause}{named}），地名库没有任何改动；请排除原因后重新执行同一命令。",
            f"The database failed ({cause}{named}); the gazetteer is as it was. Remove the cause and run the same command again.",
            cause=cause,
        )


class VersionNotFound(NotFound):
    """There is no such version."""

    code = "GAZETTEER_VERSION_NOT_FOUND"
    zh = "没有这个地名库版本；guidan gazetteer versions 列出全部版本。"
    en = "There is no such version of the gazetteer. `guidan gazetteer versions` lists them."


class SourceNotFound(NotFound):
    """No place is of that source."""

    code = "GAZETTEER_SOURCE_NOT_FOUND"
    zh = "地名库中没有这个来源；guidan gazetteer sources 列出全部来源。"
    en = "No place of the gazetteer is of this source. `guidan gazetteer sources` lists them."
