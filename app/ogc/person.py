"""Who edits through a GIS client, which cannot put a name into the body."""

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import unquote

from app.fields import printable
from app.ogc.errors import PersonInvalid, PersonMissing

MOST = 64


def read_person(by: str | None, headers: Mapping[str, str]) -> str:
    """The name in the parameter `by`, in X-Guidan-Person (percent-encoded, or UTF-8 as it is), or the user name of basic authentication.

    The password is not looked at: there is no login yet. Raises `PersonMissing`, `PersonInvalid`.
    """
    found = {name for name in (by, _header(headers), _basic(headers)) if name is not None}
    if not found:
        raise PersonMissing
    name = found.pop().strip()
    if found or not 1 <= len(name) <= MOST:
        raise PersonInvalid
    try:
        return printable(name)
    except ValueError:
        raise PersonInvalid from None


def _header(headers: Mapping[str, str]) -> str | None:
    raw = headers.get("x-guidan-person")
    if raw is None:
        return None
    try:
        return unquote(raw.encode("latin-1").decode(), errors="strict")
    except (UnicodeDecodeError, UnicodeEncodeError):
        raise PersonInvalid from None


def _basic(headers: Mapping[str, str]) -> str | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(token.strip(), validate=True).decode().partition(":")[0] or None
    except (binascii.Error, UnicodeDecodeError):
        raise PersonInvalid from None
