"""What is wrong with a coverage, each with its place and the ways to mend it."""

from geo.soundness.defects.finding import Neighbourhood, changed_land, defects, defects_near, neighbourhood, superseded
from geo.soundness.defects.kinds import Defect, Way
from geo.soundness.defects.repairing import NoSuchWay, repair

__all__ = [
    "Defect",
    "Neighbourhood",
    "NoSuchWay",
    "Way",
    "changed_land",
    "defects",
    "defects_near",
    "neighbourhood",
    "repair",
    "superseded",
]
