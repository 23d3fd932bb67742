"""Districts of near equal load from small units: contiguous, close to what is there, under rules that hold.

Units have loads and neighbours, districts have capacities and a present share of the units. `propose` says which units should change
hands; the rest of the package is how: `search` moves units one by one (machine code), `exact` solves outright and proves (CP-SAT),
`polish` solves windows of a large map, `bindings` says what stands in the way.
"""

from geo.districting.bindings import Binding, Kind
from geo.districting.errors import NotAProblemError
from geo.districting.figures import Figures, figures
from geo.districting.problem import NOBODY, WHOLE, Problem
from geo.districting.propose import Outcome, Proposal, Work, propose

__all__ = [
    "NOBODY",
    "WHOLE",
    "Binding",
    "Figures",
    "Kind",
    "NotAProblemError",
    "Outcome",
    "Problem",
    "Proposal",
    "Work",
    "figures",
    "propose",
]
