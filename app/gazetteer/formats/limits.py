"""How much a file of places may ask of this machine."""

from typing import Final

LARGEST_FILE: Final = 1024**3
"""Bytes of a file, and of what a zip holds when it is unpacked."""

LARGEST_GEOJSON: Final = 512 * 1024**2
"""Bytes: as JSON a place takes some 20 times the memory of its row."""

MOST_PLACES: Final = 10_000_000
MOST_COLUMNS: Final = 500

CHILD_MEMORY: Final = 12 * 1024**3
"""Bytes of address space of the process that parses what GDAL or a JSON reader has to parse."""

CHILD_SECONDS: Final = 600
