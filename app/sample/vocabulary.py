"""The words of a city that does not exist: every name in a sample is composed from these tables."""

from __future__ import annotations

import numpy as np

PROVINCE, CITY = "青岚省", "云澜市"
PROVINCE_CODE, CITY_CODE = "990000", "990100"
"""Division codes start with 99, which GB/T 2260 does not assign."""

DISTRICTS = ("栖岚", "汀澜", "望舒", "鹤汀", "枕溪", "霁川", "云麓", "桐浦", "星渚", "青禾", "藕塘", "砚池")
"""From the centre outwards; the last two of a city are counties (县), the others districts (区)."""

FIRST = "听望枕栖映揽沐拾问观依隐沁醉漱踏寻倚邀怀含慕思致青碧紫翠丹素晴暖霁晓春秋早晚静悠澄锦绣瑶琼玉银金清芳云月星松竹梅兰荷桂桐枫柳鹤鹭雁芷蕙疏远若知"
SECOND = "松湖岚澜溪月荷竹梅桐枫霞云鹤泉石舟桥岭塘汀渚禾露霜雪雨星帆棠樱兰菊苇萍莲桑榆槐柏杉亭轩庐峰屿圃桃枝蓼"
_TAKEN = frozenset(
    [
        "兰溪",
        "松溪",
        "玉溪",
        "金溪",
        "清溪",
        "云溪",
        "竹溪",
        "梅溪",
        "桂溪",
        "兰亭",
        "玉泉",
        "清泉",
        "金湖",
        "月湖",
        "星湖",
        "荷塘",
        "桐柏",
        "松柏",
        "金台",
        "紫云",
        "青云",
        "云岭",
        "梅岭",
        "丹霞",
        "青霞",
        "玉桥",
        "金桥",
        "银桥",
        "云桥",
        "金莲",
        "玉树",
        "云石",
        "青石",
        "金石",
        "玉石",
        "春雨",
        "秋雨",
        "梅雨",
        "金桃",
        "桂湖",
        "柳溪",
        "桃溪",
        "竹桃",
        "玉峰",
        "云峰",
        "金峰",
        "紫金",
        "清湖",
        "望云",
        "云霞",
        "晚枝",
        "荷兰",
        "兰荷",
        "金兰",
        "栖霞",
        "观湖",
        "观澜",
        "云台",
        "玉露",
        "松露",
        "玉兰",
        "金桐",
        "金枝",
        "月桂",
        "云杉",
        "紫藤",
        "桂圃",
        "月月",
    ]
)
"""Compounds that are well-known places or say something else."""

AVENUE_SUFFIXES = ("大道", "大道", "路", "大街")
ROAD_SUFFIXES = ("路", "路", "路", "路", "街", "巷")
TOWER_SUFFIXES = [
    "雅苑",
    "花园",
    "名邸",
    "华庭",
    "公馆",
    "国际",
    "府",
    "澜庭",
    "郡",
    "御园",
    "名苑",
    "公寓",
    "一品",
    "湾",
    "家园",
    "佳苑",
    "嘉园",
    "天境",
    "云庭",
    "花苑",
    "豪庭",
    "悦府",
    "新城",
    "璟园",
    "里",
]
OLD_SUFFIXES = ("新村", "小区", "一村", "二村", "三村", "东苑", "西苑", "南园", "北园", "大院", "宿舍")
PHASES = ("一期", "二期", "三期", "东区", "西区", "南区", "北区")
POI_KINDS = ("小学", "中学", "幼儿园", "菜市场", "社区医院", "购物中心", "体育馆", "图书馆", "公园", "汽车站", "大厦")
HINTS = ("近地铁口", "东门进", "西门进", "北门", "菜场旁", "小学对面", "快递放门卫", "公交站后面", "靠河边")
HOPELESS = (
    "不详",
    "同上",
    "老家",
    "电话联系",
    "无",
    "见附件",
    "单位宿舍",
    "已拆迁",
    "青岚省",
    "青岚省云澜市",
    "云澜",
    "市里",
    "***",
    "搬走了",
    "住址保密",
)
ELSEWHERE = ("远汀省鹭屿市望帆区", "北栖省霜岭市晚枫区", "沐州省芷汀市若溪县", "远汀省桑榆市")

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石"
GIVEN = "安柏辰初春丹冬朵帆方枫歌禾和荷衡弘会嘉简江静君可岚乐礼立莲林麟凌露满苗宁平其青晴秋然荣若山书树思松棠恬庭桐文溪夏晓欣星雪雅言仪以音映悠宇羽雨远月云芸泽章知舟竹子"

PRODUCTS = (
    # name, rider, terms in years (0: shorter than a year; None: for life), lowest and highest premium
    ("栖云终身寿险", False, (None,), 3_000, 40_000),
    ("听雨两全保险", False, (10, 20, 30), 2_000, 30_000),
    ("枕溪年金保险", False, (10, 15, 20, None), 5_000, 80_000),
    ("望舒重大疾病保险", False, (20, 30, None), 2_500, 18_000),
    ("青禾少儿教育金", False, (15, 18), 3_000, 20_000),
    ("桐荫定期寿险", False, (10, 20, 30), 500, 6_000),
    ("霁月养老年金", False, (20, 30, None), 8_000, 100_000),
    ("附加鹤汀住院医疗", True, (1, 1, 5), 200, 1_500),
    ("附加星渚意外伤害", True, (0, 1), 60, 500),
    ("附加云麓豁免保费", True, (10, 20), 100, 900),
)

_SIMPLIFIED = "栖岚澜鹤霁云砚县区镇听揽问观隐寻怀静锦绣瑶琼银兰枫鹭晓苇莲桥岭樱轩庐远华馆国际园湾号栋单楼东门场学医组屿铁书体儿卫厦图悦购车边进递后对"
_TRADITIONAL = "棲嵐瀾鶴霽雲硯縣區鎮聽攬問觀隱尋懷靜錦繡瑤瓊銀蘭楓鷺曉葦蓮橋嶺櫻軒廬遠華館國際園灣號棟單樓東門場學醫組嶼鐵書體兒衛廈圖悅購車邊進遞後對"
TRADITIONAL = dict(zip(_SIMPLIFIED, _TRADITIONAL, strict=True))
"""Traditional form of the simplified characters above that have one."""

_DIGITS = "〇一二三四五六七八九"


def base_names(rng: np.random.Generator, count: int) -> list[str]:
    """``count`` compounds of two characters in random order; they repeat only when the tables are used up."""
    pool = [a + b for a in FIRST for b in SECOND if a != b and a + b not in _TAKEN]
    names: list[str] = []
    while len(names) < count:
        names += [pool[index] for index in rng.permutation(len(pool))]
    return names[:count]


def numeral(number: int) -> str:
    """A number from 1 to 99 as Chinese writes it (十六)."""
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else _DIGITS[tens] + "十"
    return head + (_DIGITS[ones] if ones or not tens else "")


def digits(number: int) -> str:
    """A number digit by digit (一五〇二), as rooms are read."""
    return "".join(_DIGITS[int(digit)] for digit in str(number))
