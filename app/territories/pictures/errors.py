"""Why a picture cannot be drawn."""

from app.errors import Conflict, Unavailable


class FontMissing(Unavailable):
    code = "FONT_MISSING"
    zh = "服务器上没有可用的中文字体；请安装 fonts-noto-cjk 后重试。"
    en = "There is no Chinese font on the server. Install fonts-noto-cjk, then try again."
    retry_after = 60


class PictureTooCostly(Conflict):
    code = "PICTURE_TOO_COSTLY"
    zh = "图形过于复杂，未能在限定的时间和内存内画完；请先清理边界，或只比较相近的两个方案。"
    en = "The territories are too complex to be drawn within the time and memory allowed. Clean their borders, or compare two versions that are closer."


class PictureBusy(Unavailable):
    code = "PICTURE_BUSY"
    zh = "正在绘制其他图片；请稍后再试。"
    en = "Other pictures are being drawn. Try again shortly."
    retry_after = 5
