"""The private PostgreSQL + PostGIS cluster that the program creates, starts and stops when no `DATABASE_URL` is given.

It listens on a unix socket alone, in a directory that only its owner may enter. Several processes may ask for it at
the same time: a file lock lets one of them do the work. Layout of a home: `cluster/data`, `cluster/postgres.log`,
`cluster/run` (the socket; elsewhere when the path would be too long for one) and `cluster.lock`.
"""

from app.cluster.control import ensure_running, is_running, stop
from app.cluster.installed import ClusterError, find_binaries

__all__ = ["ClusterError", "ensure_running", "find_binaries", "is_running", "stop"]
