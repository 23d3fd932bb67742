"""What of an address may leave the machine: the address alone, down to the building.

No name, no phone, no policy number (rulebook section 9), and no room: a provider answers at the door at best, so the floor and
the room would tell it who lives there and buy nothing. What is in doubt is left out: a worse question is better than a person
told of.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from typing import Final

import polars as pl

from geo.address.characters import RADICALS, traditional_characters
from geo.address.divisions import CITY, PROVINCE, Divisions, short_name
from geo.address.parse import parse
from geo.providers.protocol import Question

_SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白"
    "邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包"
    "宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜"
    "冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝官封谈匡鞠惠荆乐冀胥南班储原栗燕楚鄢"
)
_COMPOUND: Final = "欧阳|上官|司马|诸葛|司徒|东方|皇甫|尉迟|公孙|慕容|令狐|宇文|长孙|端木|夏侯|轩辕|南宫|独孤|闻人|申屠"
_HAN: Final = "\u4e00-\u9fff"
_NAME: Final = rf"(?:(?:{_COMPOUND})[{_HAN}]{{1,2}}|[{_SURNAMES}][{_HAN}]{{1,2}})"

_TRADITIONAL: Final = frozenset("區號樓單縣鎮鄉層棟門東園莊廣場廈灣橋蘇滬寧電話機")
"""Characters that show a text to be in traditional script."""

_LABELS: Final = "收件人|收货人|收信人|联系人|联络人|投保人|被保险人|被保人|受益人|持卡人|户主|业主|房主|客户姓名|姓名|客户|转交|经手人"
_TITLES: Final = "先生|女士|小姐|太太|师傅|阿姨|同志|大姐|大哥|老师|经理|老板|医生"
_RECEIVES: Final = "亲收|亲启|签收|代收|转收|收启|收|启"
_PHONE_LABELS: Final = "联系电话|联系方式|手机号码?|手机|电话号码?|电话|座机|传真|身份证号?码?|证件号码?|保(?:险)?单(?:号码?)?|客户号|邮政编码|邮编|微信号?|QQ号?|TEL|PHONE|MOBILE"

# What a word that is an address ends with: such a word is no name, though it begins with a surname.
_ADDRESS_ENDS: Final = frozenset(
    "路街道巷弄村庄园苑区镇乡里县市省城寨屯堡桥湾河山坝坪岭坡口店铺场厂站楼院坊府邸居屋轩阁台亭湖港洲岛门关厦号栋幢座室层房井圩塘浜泾渡沟营郢集墩塔寺庙"
)

_OPENED: Final = re.compile(r"[(\[{<【〔〈《「『〖][^)\]}>】〕〉》」』〗]*[)\]}>】〕〉》」』〗]?")
_LABELLED_NAME: Final = re.compile(
    rf"(?:{_LABELS})[\s:,、是为]*[{_HAN}·•]{{2,4}}?(?=[\s:,、;。.\d+]|$|{_LABELS}|{_PHONE_LABELS}|{_TITLES}|{_RECEIVES})"
)
_LABELLED_ACCOUNT: Final = re.compile(
    r"(?:微信号?|QQ号?|身份证号?码?|保单号码?|保险单号|客户号|证件号码?)[\s:,是为]*[A-Za-z0-9_\-]{4,}", re.I
)
_NUMBERS: Final = re.compile(
    r"(?:\+?86[-\s]?)?(?<!\d)1[3-9]\d(?:[-\s]?\d){8}(?!\d)"  # mobile, however it is grouped
    r"|(?<!\d)0\d{2,3}[-\s]?\d{7,8}(?:[-转\s]{1,2}\d{1,5})?(?!\d)"  # land line
    r"|(?<!\d)[48]00[-\s]?\d{3}[-\s]?\d{4}(?!\d)"
    r"|[A-Za-z]*\d{6,}[A-Za-z0-9]*"  # policy, identity and post codes; no house number has six digits
    r"|(?:\d[\s\-.]?){9,}"
    r"|[零〇一二三四五六七八九幺两]{7,}"
    r"|\S+@\S+"
)
_LABELS_LEFT: Final = re.compile(rf"(?:{_PHONE_LABELS}|{_LABELS}(?=[\s:,、]|$))[\s:,]*", re.I)
_TITLED: Final = re.compile(rf"(?:{_TITLES})(?:{_RECEIVES})?(?![{_HAN}])|(?:{_TITLES})(?:{_RECEIVES})")
_RECEIVER: Final = re.compile(rf"{_NAME}(?:{_RECEIVES})(?=[\s,、;。]|$)")
_BEFORE_NAME: Final = frozenset("号室楼幢栋座层院户房门弄组队元")
_GAPS: Final = re.compile(r"(?:[\s,、;。:|\\]|(?<!\d)/|/(?!\d))+")
_WHOLE_NAME: Final = re.compile(_NAME)
_TAIL_NAME: Final = re.compile(rf"(?<=[室号房户楼层幢栋\d])({_NAME})$")
_HEAD_NAME: Final = re.compile(rf"^({_NAME})(?=[{_HAN}]{{2,8}}?(?:省|市|自治区))")
_LONG_NUMBER: Final = re.compile(r"\d{7,}")
_BARE_ROOM: Final = re.compile(r"(?<=[号栋幢楼])[-,\s]?\d{3,4}$")
_TOGETHER: Final = re.compile(rf"(?<=[{_HAN}])\s+|\s+(?=[{_HAN}])")
_ANY_HAN: Final = re.compile(f"[{_HAN}]")
_CAPITALS: Final = {ord(small): small.upper() for small in "abcdefghijklmnopqrstuvwxyz"}
LONGEST_TEXT: Final = 200


def questions(
    texts: Sequence[str],
    divisions: Divisions,
    *,
    cities: Sequence[str] | None = None,
    known: Sequence[Collection[str]] | None = None,
) -> list[Question | None]:
    """What may be asked for each text, in the same order; None where nothing is left that could be found.

    `cities`: the official city name that settles what a text leaves open, or empty. `known`: per text what the caller knows to
    be personal (the holder's name, phone, policy numbers); it is taken out wherever it stands.
    """
    plain = [
        without_people(text, divisions, known[i] if known is not None else ())[:LONGEST_TEXT]
        for i, text in enumerate(texts)
    ]
    column = pl.Series(plain, dtype=pl.String)
    rows = parse(column, divisions).to_dicts()
    result: list[Question | None] = []
    for i, (text, row) in enumerate(zip(plain, rows, strict=True)):
        for part in ("room", "floor", "unit"):
            text = _without_last(text, row[part] or "")
        text = _BARE_ROOM.sub("", _TOGETHER.sub("", text).strip(",- "))
        if len(_ANY_HAN.findall(text)) < 2 or _LONG_NUMBER.search(text):
            result.append(None)
            continue
        city = row["city"] or (cities[i] if cities is not None else "")
        parts = {name: row[name] or "" for name in ("province", "city", "district", "road", "number", "estate")}
        result.append(Question(text, city, states_city=bool(row["city"]), parts=parts))
    return result


def without_people(text: str, divisions: Divisions, known: Collection[str] = ()) -> str:
    """The text without what stands in brackets, without numbers that are no house numbers, and without what looks like a person."""
    text = _simplified(text)
    text = "".join(" " if unicodedata.category(sign) in ("Cc", "Cf", "Zl", "Zp", "Zs") else sign for sign in text)
    text = text.replace("，", ",").replace("：", ":").replace("；", ";")
    for secret in sorted({_simplified(word).strip() for word in known if word}, key=lambda w: (-len(w), w)):
        text = _without_known(text, secret)
    text = _OPENED.sub(" ", text)
    alone = _LABELLED_NAME.sub(" ", _LABELLED_ACCOUNT.sub(" ", text))
    alone = _NUMBERS.sub(" ", alone)
    personal = alone != text  # somebody wrote a recipient into it: short words beside the address are suspect
    alone = _without_titled(_RECEIVER.sub(" ", _LABELS_LEFT.sub(" ", alone)))
    words = [word for word in _GAPS.split(alone) if word and word not in _RECEIVES.split("|")]
    joined = " ".join(word for word in words if not _is_name(word, divisions, personal))
    if not _begins_with_division(joined, divisions):
        joined = _HEAD_NAME.sub("", joined)
    tail = _TAIL_NAME.search(joined)
    if tail is not None and tail[1][-1] not in _ADDRESS_ENDS:
        joined = joined[: tail.start(1)]
    return joined.strip()


def _simplified(text: str) -> str:
    """NFKC, radicals resolved, and a text in traditional script in the simplified one, so that names are seen in either.

    A single such character in a simplified text (乾和福邸, 富昇大厦) is part of a name and stays: a provider knows it by that.
    """
    plain = unicodedata.normalize("NFKC", "".join(RADICALS.get(sign, sign) for sign in text))
    known = traditional_characters()
    changed = {sign for sign in plain if sign in known}
    if len(changed) < 3 and not changed & _TRADITIONAL:
        return plain
    return "".join(known.get(sign, sign) for sign in plain)


def _without_known(text: str, secret: str) -> str:
    """Without a literal; a name that a road or estate begins with (中山 before 路) is part of the address there."""
    if len(secret) < 2:
        return text
    if secret.isdigit():
        return re.sub(r"[-\s]?".join(secret), " ", text)
    ends = "".join(_ADDRESS_ENDS)
    return re.sub(re.escape(secret) + f"(?![{_HAN}]?[{ends}])", " ", text, flags=re.I)


def _without_titled(text: str) -> str:
    """Without 王小明先生: back from the title to a surname at a boundary, else to the nearest surname."""
    while (found := _TITLED.search(text)) is not None:
        starts = [found.start() - n for n in (3, 2, 1) if found.start() - n >= 0]
        fitting = [at for at in starts if _surname_at(text, at)]
        bounded = [at for at in fitting if at == 0 or not _ANY_HAN.match(text[at - 1]) or text[at - 1] in _BEFORE_NAME]
        at = bounded[0] if bounded else (fitting[-1] if fitting else found.start())
        text = f"{text[:at]} {text[found.end() :]}"
    return text


def _surname_at(text: str, at: int) -> bool:
    return text[at] in _SURNAMES or text[at : at + 2] in _COMPOUND.split("|")


def _is_name(word: str, divisions: Divisions, personal: bool) -> bool:
    if not _WHOLE_NAME.fullmatch(word) or word[-1] in _ADDRESS_ENDS:
        return False
    if _begins_with_division(word, divisions):
        return False
    return len(word) >= 3 or personal


def _begins_with_division(text: str, divisions: Divisions) -> bool:
    return any(text.startswith(word) for word in _heads(divisions).get(text[:2], ()))


_heads_of: tuple[Divisions, dict[str, list[str]]] | None = None


def _heads(divisions: Divisions) -> dict[str, list[str]]:
    """Names and short names of divisions by their first two characters; of districts the full names alone (王益区, 高明区)."""
    global _heads_of
    kept = _heads_of
    if kept is not None and kept[0] is divisions:
        return kept[1]
    heads: dict[str, list[str]] = {}
    for i, name in enumerate(divisions.names):
        words = {name, short_name(name)} if divisions.level[i] in (PROVINCE, CITY) else {name}
        for word in words:
            heads.setdefault(word[:2], []).append(word)
    _heads_of = (divisions, heads)
    return heads


def _without_last(text: str, part: str) -> str:
    """Without the last occurrence of what the parser read, in which letters are capitals."""
    at = text.translate(_CAPITALS).rfind(part) if part else -1
    return text if at < 0 else text[:at] + text[at + len(part) :]
