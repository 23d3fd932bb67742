"""Serves a test's database in a process of its own: GDAL in this process holds the interpreter while it waits for an answer."""

import socket
import sys

import uvicorn

from app.main import configured, create_app
from tests.api.conftest import settings_for

if __name__ == "__main__":
    url, root_path = sys.argv[1], sys.argv[2]
    config = configured(create_app(settings_for(url), worker=False))
    config.root_path = root_path
    listening = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    uvicorn.Server(config).run(sockets=[listening])
