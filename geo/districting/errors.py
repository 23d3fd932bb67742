"""What cannot be read as a problem of districts at all."""

from typing import ClassVar

from geo.errors import GeoError


class NotAProblemError(GeoError):
    """Shapes that do not fit, indices out of range, negative or too large numbers, or a pin that contradicts a lock."""

    code: ClassVar[str] = "DISTRICTING_INPUT"
    zh: ClassVar[str] = (
        "单元、片区、相邻关系或约束的数据互相矛盾（如把单元固定到已锁定的片区之外）；请核对锁定与固定的内容。"
    )
    en: ClassVar[str] = (
        "Units, districts, adjacency and rules do not fit together (such as a unit pinned away from its locked district). Check locks and pins."
    )
