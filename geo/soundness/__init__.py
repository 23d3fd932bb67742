"""Is a shape, and is a set of areas, sound? Shapes from elsewhere are read, defects of a coverage are found and repaired."""

from geo.soundness.limits import ReadingLimits, Thresholds
from geo.soundness.reading import Report, Step, read_area

__all__ = ["ReadingLimits", "Report", "Step", "Thresholds", "read_area"]
