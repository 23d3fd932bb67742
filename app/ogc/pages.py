"""The same resources as plain pages of our own: no script, nothing from elsewhere, everything escaped."""

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

_STYLE = (
    "body{font:16px/1.6 'Noto Sans CJK SC','Microsoft YaHei',sans-serif;color:#1c2733;background:#f4f2ec;margin:0 auto;padding:1.5rem;max-width:75rem}"
    "a{color:#0d5c63}h1{font-size:1.5rem;line-height:1.3}h2{font-size:1.15rem;margin-top:2rem}.wide{overflow-x:auto}"
    "table{border-collapse:collapse;background:#fff;font-size:.9rem}th,td{border:1px solid #cfcbc0;padding:.3rem .6rem;text-align:left;vertical-align:top}"
    "th{background:#e3efee}nav{margin-bottom:1rem}code{background:#fff;padding:0 .2rem}.note{color:#4b5765}"
)
HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

Crumbs = Sequence[tuple[str, str]]


def page(title: str, crumbs: Crumbs, parts: Iterable[str]) -> str:
    """A page. `crumbs`: address and name of the pages above; `parts`: HTML."""
    trail = " › ".join(f'<a href="{escape(href)}">{escape(name)}</a>' for href, name in crumbs)
    return (
        f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><nav>{trail}</nav><main><h1>{escape(title)}</h1>"
        f"{''.join(parts)}</main></body></html>"
    )


def paragraph(text: str) -> str:
    """A paragraph of plain text."""
    return f'<p class="note">{escape(text)}</p>'


def links(listed: Sequence[Mapping[str, Any]]) -> str:
    """Links as a list; the page's own left out."""
    shown = [link for link in listed if link["rel"] != "self"]
    rows = "".join(
        f'<li><a href="{escape(link["href"])}">{escape(link.get("title") or link["rel"])}</a></li>' for link in shown
    )
    return f"<h2>链接 Links</h2><ul>{rows}</ul>"


def table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the cells are HTML."""
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def anchor(href: str, text: str) -> str:
    """A link."""
    return f'<a href="{escape(href)}">{escape(text)}</a>'


def cell(value: Any) -> str:
    """A value as a cell of a table."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是 yes" if value else "否 no"
    return escape(str(value))
