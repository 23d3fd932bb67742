"""Fold the characters of address texts, so that one place is written in one way.

What is folded: compatibility forms (Unicode NFKC: full-width letters and digits, circled numbers), the CJK
radicals that NFKC leaves alone, traditional characters (OpenCC's character tables), kinds of brackets, dashes
and separators, and letter case. Spaces vanish, except between two letters or digits, where they part two
numbers. Folding is idempotent. The folded text is a key; it is never shown in place of what a person wrote.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from geo.address.compiled import compiled, entry

Codes = npt.NDArray[np.uint16]
Offsets = npt.NDArray[np.int64]

DROP, SEPARATOR, OPEN, CLOSE, DASH, SPACE, MANY = 0, ord(","), ord("("), ord(")"), ord("-"), ord(" "), 1

# Radicals (U+2E80–2EFF) with the character each stands for; Unicode gives most of them no decomposition.
RADICALS = dict(
    zip(
        "⺁⺃⺄⺅⺆⺇⺈⺉⺋⺌⺍⺎⺏⺐⺑⺒⺓⺔⺖⺗⺘⺙⺛⺜⺝⺞⺟⺠⺡⺢⺣⺤⺥⺦⺧⺨⺩⺪⺫⺬⺭⺮⺯⺰⺱⺲⺵⺶⺷⺸⺹⺺⺻⺼⺽⺾⺿⻀⻁⻂⻃⻄⻅⻆⻇⻈⻉⻊⻋⻌⻍⻎⻏⻐⻑⻒⻓⻔⻕⻖⻗⻘⻙⻚⻛⻜⻝⻞⻟⻠⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻭⻮⻯⻰⻱⻲⻳",
        "厂乚乙亻冂几刀刂卩小小尢尢尢尢巳幺彑忄心扌攵旡日月歹母民氵水灬爪爪丬牛犭王疋罒示礻竹糸纟网网网羊羊羊老耂聿月臼艹艹艹虎衤西西见角角讠贝足车辶辶辶阝钅长长长门阜阝雨青韦页风飞食食饣饣马骨鬼鱼鸟卤麦黄黾齐齐齿齿龙龙龟龟龟",
        strict=True,
    )
)
# What the two lines leave; ⺀ and ⺂ stand for no ideograph.
RADICALS |= {"⺊": "卜", "⺕": "彐", "⺳": "网", "⺴": "网", "⻡": "首", "⺎": "尢", "⺘": "扌", "⻐": "钅", "⺇": "几"}
# Characters of addresses that OpenCC keeps (they are no simplified forms of one another, but one place is written with either).
VARIANTS = {
    "邨": "村",
    "衖": "弄",
    "舖": "铺",
    "舘": "馆",
    "坵": "丘",
    "囬": "回",
    "嶴": "岙",
    "垇": "坳",
    "堦": "阶",
    "臯": "皋",
}
QIAN, GAN = ord("乾"), ord("干")
BRACKETS = {OPEN: "([{<（［｛〈《「『【〔〖〘﹙", CLOSE: ")]}>）］｝〉》」』】〕〗〙﹚"}
DASHES = "-‐‑‒–—―−─━﹣－~～〜_＿ー"
SEPARATORS = ",;:!?/\\|。、，；：！？．.\t\n\r+*&=@\"'“”‘’`^$%￥…"
DROPPED = "·•・‧∙⋅●○◎■□▪▫※☆★"


class Texts(NamedTuple):
    """A column of folded texts. `codes` holds UTF-16 code units; text i is its slice [start[i], end[i]).

    The words outside brackets come first and end at `main_end[i]`; then come the bracketed hints.
    """

    codes: Codes
    start: Offsets
    main_end: Offsets
    end: Offsets

    def slices(self, first: Offsets, last: Offsets) -> pl.Series:
        """The texts [first[i], last[i]) as strings; an empty or negative slice is null."""
        return slices(self.codes, first, last)


@cache
def folding_table() -> Codes:
    """For each UTF-16 code unit: what it becomes; 0 = dropped, 1 = becomes several (see `expand`)."""
    table = np.arange(0x10000, dtype=np.uint16)
    simplified = traditional_characters()
    for code in range(0x80, 0x10000):
        if 0xD800 <= code < 0xE000:
            continue
        form = unicodedata.normalize("NFKC", RADICALS.get(chr(code), chr(code)))
        form = "".join(simplified.get(c, c) for c in (RADICALS.get(c, c) for c in form))
        form = VARIANTS.get(form, form)
        if unicodedata.combining(chr(code)) or len(form) > 1:
            table[code] = MANY
        else:
            table[code] = ord(form) if form and ord(form) < 0x10000 else DROP
    for code in range(0x10000):
        letter = chr(int(table[code]))
        if table[code] > MANY and letter.isascii():
            table[code] = ord(letter.upper())
    for target, signs in ((DASH, DASHES), (SEPARATOR, SEPARATORS), (DROP, DROPPED)):
        for sign in signs:
            table[ord(sign)] = target
    table[QIAN] = QIAN  # settled by what stands behind it, see `arrange`
    for target, signs in BRACKETS.items():
        for sign in signs:
            table[ord(sign)] = target
    for code in range(0x10000):
        if not 0xD800 <= code < 0xE000 and unicodedata.category(chr(code)) in ("Cc", "Cf", "Zl", "Zp"):
            table[code] = SEPARATOR if chr(code) in "\t\n\r" else DROP
        elif unicodedata.category(chr(code)) == "Zs":
            table[code] = SPACE
    return table


@cache
def traditional_characters() -> dict[str, str]:
    """Traditional (and regional) character → simplified, from the tables of OpenCC's Python package."""
    import opencc

    folder = Path(opencc.__file__).parent / "dictionary"
    tables: dict[str, dict[str, str]] = {}
    for name in ("TSCharacters", "HKVariantsRev", "TWVariantsRev"):
        lines = (folder / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        pairs = [(key, value.split(" ")[0]) for key, _, value in (line.partition("\t") for line in lines)]
        tables[name] = {key: value for key, value in pairs if len(key) == 1 and len(value) == 1 and key != value}
    simplified = tables["TSCharacters"]
    # A regional variant leads to a traditional character and that to a simplified one; 台 is simplified already.
    plain = set(simplified.values())
    for name in ("HKVariantsRev", "TWVariantsRev"):
        for key, value in tables[name].items():
            if key not in plain:
                simplified.setdefault(key, simplified.get(value, value))
    return {
        key: simplified.get(value, value) for key, value in simplified.items() if key != simplified.get(value, value)
    }


@cache
def kept_with_qian() -> Codes:
    """Characters behind which 乾 stays 乾 (乾隆, 乾县), folded; elsewhere it is the traditional form of 干."""
    import opencc

    lines = (Path(opencc.__file__).parent / "dictionary" / "TSPhrases.txt").read_text(encoding="utf-8").splitlines()
    simplified = traditional_characters()
    phrases = [line.partition("\t")[2].split(" ")[0] for line in lines]
    after = {p[p.index("乾") + 1] for p in phrases if "乾" in p[:-1]} | set("县县安隆坤元宁陵州清道祐符封")
    kept = np.zeros(0x10000, np.uint16)
    kept[[ord(simplified.get(c, c)) for c in after if ord(c) < 0x10000]] = 1
    return kept


def expand(text: str) -> str:
    """NFKC for texts with characters that become several, or that lie outside the basic plane."""
    text = unicodedata.normalize("NFKC", text)
    simplified = traditional_characters()
    plain = (c if ord(c) < 0x10000 else simplified.get(c, c) for c in text)
    return "".join(c if ord(c) < 0x10000 else "〓" for c in plain)


def fold(texts: pl.Series) -> Texts:
    """Fold a column of strings (null counts as empty) and move what stands in brackets behind the rest."""
    column = texts.cast(pl.String).fill_null("")
    table = folding_table()
    codes, start = code_units(column)
    many = table[codes]
    odd = (many == MANY) | ((codes >= 0xD800) & (codes < 0xE000))
    if odd.any():
        rows = np.unique(np.searchsorted(start, np.flatnonzero(odd), side="right") - 1)
        repaired = [expand(text) for text in column.gather(rows).to_list()]
        column = column.scatter(rows, repaired) if len(rows) else column
        codes, start = code_units(column)
        many = table[codes]
        many[many == MANY] = DROP
    out = np.empty(len(many) + len(column), np.uint16)
    main_end, end = np.empty(len(column), np.int64), np.empty(len(column), np.int64)
    first = np.empty(len(column), np.int64)
    arrange(many, start, kept_with_qian(), out, first, main_end, end)
    return Texts(out, first, main_end, end)


def fold_words(words: pl.Series) -> pl.Series:
    """Fold a column and give it back as strings: the words outside brackets, then each hint in `()`."""
    texts = fold(words)
    return texts.slices(texts.start, texts.end).fill_null("")


def code_units(column: pl.Series) -> tuple[Codes, Offsets]:
    """All strings as one run of UTF-16 code units, with n + 1 offsets into it."""
    joined = "".join(column.to_list())
    codes = np.frombuffer(joined.encode("utf-16-le", "replace"), np.uint16)
    lengths = column.str.len_chars().to_numpy().astype(np.int64)
    if len(codes) != int(lengths.sum()):  # some lie outside the basic plane: two units each
        lengths = np.array([len(t.encode("utf-16-le", "replace")) // 2 for t in column.to_list()], np.int64)
    offsets = np.zeros(len(column) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return codes.copy() if not len(codes) else codes, offsets


def slices(codes: Codes, first: Offsets, last: Offsets) -> pl.Series:
    """Slices of a run of UTF-16 code units as strings; an empty or negative slice is null."""
    lengths = np.maximum(last - first, 0)
    joined = gather(codes, first, lengths).tobytes().decode("utf-16-le", "replace")
    ends = np.cumsum(lengths)
    begins = ends - lengths
    return pl.Series(
        [joined[b:e] if e > b else None for b, e in zip(begins.tolist(), ends.tolist(), strict=True)], dtype=pl.String
    )


@entry
def gather(codes: Codes, first: Offsets, lengths: Offsets) -> Codes:
    """Copy slices one behind the other."""
    out = np.empty(lengths.sum(), np.uint16)
    at = 0
    for row in range(len(first)):
        for i in range(lengths[row]):
            out[at] = codes[first[row] + i]
            at += 1
    return out


@compiled
def is_ascii_word(code: np.uint16) -> np.bool:
    """A digit or a capital Latin letter."""
    return 48 <= code <= 57 or 65 <= code <= 90


@entry
def arrange(
    codes: Codes, start: Offsets, kept: Codes, out: Codes, first: Offsets, main_end: Offsets, end: Offsets
) -> None:
    """Per text: drop, part with separators, and put the words in brackets behind the others, each hint between OPEN and CLOSE."""
    at = 0
    for row in range(len(first)):
        first[row] = at
        for hints in range(2):
            depth, gap, begun = 0, 0, at
            for i in range(start[row], start[row + 1]):
                code = codes[i]
                if code == OPEN:
                    depth += 1
                    if hints == 1 and depth == 1:
                        out[at] = OPEN
                        at += 1
                        begun = at
                    gap = 0 if hints == 1 else max(gap, 1)
                    continue
                if code == CLOSE:
                    if hints == 1 and depth == 1:
                        out[at] = CLOSE
                        at += 1
                    depth = max(0, depth - 1)
                    gap = 0 if hints == 1 else max(gap, 1)
                    continue
                if code == DROP or (depth > 0) != (hints == 1):
                    continue
                if code == SPACE:
                    gap = max(gap, 1)
                    continue
                if code == SEPARATOR:
                    gap = 2
                    continue
                word = is_ascii_word(code)
                if code == DASH:
                    j = i + 1
                    while j < start[row + 1] and codes[j] == SPACE:
                        j += 1
                    after = codes[j] if j < start[row + 1] else np.uint16(0)
                    if not (is_ascii_word(after) and at > begun and gap <= 1 and is_ascii_word(out[at - 1])):
                        gap = 2
                        continue
                    out[at] = code
                    at += 1
                    gap = 0
                    continue
                if code == QIAN:
                    j = i + 1
                    while j < start[row + 1] and (codes[j] == SPACE or codes[j] == DROP):
                        j += 1
                    if j >= start[row + 1] or not kept[codes[j]]:
                        code = np.uint16(GAN)
                if gap > 0 and at > begun and (gap == 2 or (word and is_ascii_word(out[at - 1]))):
                    out[at] = SEPARATOR
                    at += 1
                gap = 0
                out[at] = code
                at += 1
            if hints == 0:
                main_end[row] = at
            elif depth > 0:
                out[at] = CLOSE
                at += 1
        end[row] = at
