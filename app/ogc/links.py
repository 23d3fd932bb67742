"""Addresses of resources as the client reaches them: through whatever proxy, below whatever prefix."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

JSON, GEOJSON, HTML = "application/json", "application/geo+json", "text/html"
SCHEMA = "application/schema+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"

QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"

# What a proxy says of how it was reached is taken only if it can be nothing but a prefix or a host.
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]{1,64}){1,8}/?", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?", re.ASCII)

Link = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Site:
    """Where the interface is, for one client: the landing page's address without the final slash."""

    root: str

    def at(self, *parts: str, query: Mapping[str, Any] | None = None) -> str:
        """The address of a resource; parts and query are escaped."""
        path = "".join(f"/{quote(part, safe='')}" for part in parts) or "/"
        return f"{self.root}{path}{'?' + urlencode(query) if query else ''}"

    def link(self, rel: str, kind: str, title: str, *parts: str, query: Mapping[str, Any] | None = None) -> Link:
        """A link as OGC API has it."""
        return {"href": self.at(*parts, query=query), "rel": rel, "type": kind, "title": title}


def site_of(scheme: str, headers: Mapping[str, str], root_path: str) -> Site:
    """The site as a request reached it: scheme, Host, root path, X-Forwarded-Host and X-Forwarded-Prefix."""
    forwarded = headers.get("x-forwarded-host", "")
    host = forwarded if _HOST.fullmatch(forwarded) else headers.get("host", "")
    if not _HOST.fullmatch(host):
        host = "localhost"
    prefix = headers.get("x-forwarded-prefix", "")
    prefix = prefix.rstrip("/") if _PREFIX.fullmatch(prefix) and ".." not in prefix else ""
    return Site(f"{scheme}://{host}{prefix}{quote(root_path)}")


def both(
    site: Site, title: str, *parts: str, kind: str = JSON, shown: str, query: Mapping[str, Any] | None = None
) -> list[Link]:
    """`self` and `alternate`: the resource as it is shown (`json` or `html`), and in the other format."""
    asked = {name: value for name, value in (query or {}).items() if name != "f"}
    as_json = site.link("", kind, f"{title}（JSON）", *parts, query={**asked, "f": "json"})
    as_html = site.link("", HTML, f"{title}（HTML）", *parts, query={**asked, "f": "html"})
    ordered = (as_json, as_html) if shown == "json" else (as_html, as_json)
    return [{**ordered[0], "rel": "self"}, {**ordered[1], "rel": "alternate"}]
