"""What can be wrong with a question about defects."""

from app.errors import Invalid


class DefectHasNoSuchWay(Invalid):
    code = "REPAIR_WAY_UNKNOWN"
    zh = "这个问题不能这样修复；请从列出的办法中选一个。"
    en = "This defect cannot be mended in this way. Choose one of those listed."
