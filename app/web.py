"""Serves the built web application: cached by content where the build names files by content, asked again everywhere else."""

import mimetypes
from pathlib import Path

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

# No outside tile, font or script: everything comes from here. The map makes workers and images of blobs.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
}

API = ("/api/", "/ogc", "/tiles/", "/openapi.json", "/healthz", "/readyz", "/metrics")

PAGES = ("review", "studio")
"""Paths of the page's own, there for every caller; any other only for one who asks for a page and not for data."""

FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"

# What the system's own table may lack or get wrong.
for _suffix, _kind in (
    (".js", "text/javascript"),
    (".mjs", "text/javascript"),
    (".woff2", "font/woff2"),
    (".svg", "image/svg+xml"),
):
    mimetypes.add_type(_kind, _suffix)


class WebFiles(StaticFiles):
    """The files of a build; a path of the application itself, without a suffix, gets the page."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file with its headers. Raises `HTTPException` 404 for what is not there, 405 for a write."""
        if "\x00" in path:
            raise HTTPException(404)
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            wants_page = path in PAGES or "text/html" in Headers(scope=scope).get("accept", "")
            if error.status_code != 404 or not wants_page or "." in path.rsplit("/", 1)[-1]:
                raise
            response = await super().get_response("index.html", scope)
        response.headers.update(HEADERS)
        response.headers["Cache-Control"] = FOREVER if path.startswith("assets/") else ASK_AGAIN
        return response


class _AllButTheApi(Mount):
    """Matches what is not the API's: a mount at the root would else take a wrong method on an API path for a missing file."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD") or scope["path"].startswith(API):
            return Match.NONE, {}
        return super().matches(scope)


def serve_web(app: FastAPI, folder: Path) -> None:
    """Serve the build in `folder` at the root, after everything else; without a build nothing is served."""
    if (folder / "index.html").is_file():
        app.router.routes.append(_AllButTheApi("/", app=WebFiles(directory=folder, html=True), name="web"))
