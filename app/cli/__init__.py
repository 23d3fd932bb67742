"""The program `guidan`: the same use cases from a shell.

Exit codes: 0 done; 1 it does not add up, or an error that the message explains; 2 wrong use, or nothing could be read; 3 done, but
some rows were rejected; 130 stopped by Ctrl-C.
"""

import sys

import typer

from app.cli import (
    allocation,
    bench,
    calibration,
    files,
    gazetteer,
    geocoding,
    gis,
    plan_files,
    plans,
    proposals,
    providers,
    review,
    server,
)
from app.cli.console import explain_failure

app = typer.Typer(
    name="guidan",
    help="归单：让孤儿单回到拥有该区域的团队。 Brings orphan policies home to the team that owns the region.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
files.register(app)
gazetteer.register(app)
geocoding.register(app)
calibration.register(app)
providers.register(app)
allocation.register(app)
review.register(app)
proposals.register(app)
plans.register(app)
plan_files.register()
gis.register(app)
server.register(app)
bench.register(app)


def main() -> None:
    """Run the command line; every failure ends in a message that says what to do next."""
    try:
        app(standalone_mode=True)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        sys.exit(explain_failure(error))
