"""Edits as they go over the wire: the verbs and what they need, what came of them, history, conflicts, presence."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from app.fields import Code, Input, Latitude, Longitude, Output
from app.territories.consequences.schemas import WhatIf
from app.territories.validation.schemas import TerritoryDefectOut

Position = Annotated[
    tuple[Longitude, Latitude], Field(description="Longitude, latitude; CGCS2000 degrees", examples=[[120.01, 30.005]])
]
Person = Annotated[Code, Field(description="Who draws; goes into the history", examples=["李制图"])]
Version = Annotated[int, Field(ge=0, lt=2**31, description="Version of the draft that the editor saw")]
Team = Annotated[Code, Field(description="A team of the plan's branch", examples=["T-E1"])]

MOST_POSITIONS = 20_000
"""Positions of a drawn geometry; more are taken from a file."""


class DrawnLine(Input):
    """A line, as GeoJSON has it."""

    type: Literal["LineString"]
    coordinates: Annotated[list[Position], Field(min_length=2, max_length=MOST_POSITIONS)]


class DrawnArea(Input):
    """A polygon or several, as GeoJSON has them; repaired where it says plainly what is meant, else refused."""

    type: Literal["Polygon", "MultiPolygon"]
    coordinates: Annotated[list[Any], Field(min_length=1, max_length=MOST_POSITIONS)]


class Draw(Input):
    """The team gets this area; other teams' land, and land outside the branch, only with `take`."""

    model_config = ConfigDict(title="Draw")
    verb: Literal["DRAW"]
    team_code: Team
    geometry: DrawnArea
    take: bool = False


class MoveVertex(Input):
    """The vertex moves in every territory that has it."""

    verb: Literal["MOVE_VERTEX"]
    at: Position
    to: Position


class InsertVertex(Input):
    """A new vertex on the border nearest to `at`, in both neighbours, moved to `to`."""

    verb: Literal["INSERT_VERTEX"]
    at: Position
    to: Position


class DeleteVertex(Input):
    """The vertex goes, in every territory that has it."""

    verb: Literal["DELETE_VERTEX"]
    at: Position


class Reshape(Input):
    """The border of the territory follows the line; what is cut off goes to the neighbour that it borders on longest."""

    verb: Literal["RESHAPE"]
    team_code: Team
    line: DrawnLine


class Split(Input):
    """The line parts the territory; the part in which the point `part` lies, else the smaller one, goes to the other team."""

    verb: Literal["SPLIT"]
    team_code: Team
    line: DrawnLine
    to_team_code: Team
    part: Position | None = None


class Merge(Input):
    """The whole territory goes to another team."""

    verb: Literal["MERGE"]
    team_code: Team
    into_team_code: Team


class Give(Input):
    """The area goes to a team, or to nobody; taken from everybody, or from some teams only."""

    verb: Literal["GIVE"]
    geometry: DrawnArea
    to_team_code: Team | None
    from_team_codes: Annotated[list[Team], Field(max_length=1000)] | None = None


class FillGap(Input):
    """Nobody's land at this point goes to a team: the one named, else the one that it borders on longest."""

    verb: Literal["FILL_GAP"]
    at: Position
    to_team_code: Team | None = None


class AssignCommunities(Input):
    """Whole communities go to a team, or to nobody."""

    verb: Literal["ASSIGN_COMMUNITIES"]
    community_codes: Annotated[list[Code], Field(min_length=1, max_length=5000)]
    to_team_code: Team | None


class CutHole(Input):
    """The area is taken out of the territory and becomes nobody's."""

    verb: Literal["CUT_HOLE"]
    team_code: Team
    geometry: DrawnArea


class Replace(Input):
    """The territory is this area and no other, as a GIS client sends it. It may overlap others, which is then a defect."""

    verb: Literal["REPLACE"]
    team_code: Team
    geometry: DrawnArea


class Remove(Input):
    """The team has no territory any more."""

    verb: Literal["REMOVE"]
    team_code: Team


class Repair(Input):
    """A defect is mended in one of the ways that it offers."""

    verb: Literal["REPAIR"]
    defect_id: Annotated[int, Field(ge=1, lt=2**63)]
    way: Code
    team_code: Team | None = None


Verb = (
    Draw
    | MoveVertex
    | InsertVertex
    | DeleteVertex
    | Reshape
    | Split
    | Merge
    | Give
    | FillGap
    | AssignCommunities
    | CutHole
    | Replace
    | Remove
    | Repair
)


class EditIn(Input):
    """An edit of a draft. `version` may be said by If-Match instead."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "by": "李制图",
                    "version": 3,
                    "edit": {"verb": "ASSIGN_COMMUNITIES", "community_codes": ["C02"], "to_team_code": "T-E2"},
                }
            ]
        }
    )

    by: Person
    version: Version | None = None
    edit: Annotated[Verb, Field(discriminator="verb")]


class EditStepIn(Input):
    """Who undoes or redoes."""

    by: Person


class ChangedTerritory(Output):
    """A territory after an edit, as GeoJSON in CGCS2000; null: the team has none any more."""

    team_code: str
    geometry: dict[str, Any] | None


class Edited(Output):
    """What came of an edit: the draft's new version, the territories that it changed, whole, and the defects that concern these now.

    `errors`: all defects of the draft that keep it from being submitted.
    """

    version: int
    changed: list[ChangedTerritory]
    defects: list[TerritoryDefectOut]
    errors: int
    undo: str | None = Field(description="Verb of the step that this person would undo next")
    redo: str | None = Field(description="Verb of the step that this person would redo next")


class Previewed(Output):
    """What an edit would do. `clashes`: territories that somebody else has changed since the version that the editor saw.

    `consequences`: of this step, against the draft as it is; null where an area is not sound enough to be measured.
    """

    version: int
    changed: list[ChangedTerritory]
    clashes: list[str]
    consequences: WhatIf | None


class EditStep(Output):
    """A step of a draft's history. `edit_id`: the step that an undo took back or a redo repeated."""

    id: int
    version: int
    person: str
    verb: str
    state: Literal["DONE", "UNDONE", "DISCARDED"]
    edit_id: int | None
    at: datetime
    team_codes: list[str]


class EditStepPage(Output):
    """Steps, newest first."""

    items: list[EditStep]
    next: str | None


class ConflictSide(Output):
    """A territory of a conflict: as the edit would have it, and as somebody else has it; GeoJSON in CGCS2000."""

    team_code: str
    theirs_person: str | None
    mine: dict[str, Any] | None
    theirs: dict[str, Any] | None


class TraceIn(Input):
    """Two places near borders of the draft. `long_way`: the other way around, where there is one."""

    start: Position
    end: Position
    long_way: bool = False


class Traced(Output):
    """The line along existing borders, from vertex to vertex; CGCS2000 degrees."""

    line: dict[str, Any]


class EditConflict(Output):
    """An edit that met somebody else's change of the same territory."""

    id: int
    person: str
    version: int
    verb: str
    at: datetime
    choice: Literal["MINE", "THEIRS"] | None
    resolved_by: str | None
    resolved_at: datetime | None
    sides: list[ConflictSide]


class EditConflictList(Output):
    """The conflicts of a draft, oldest first."""

    items: list[EditConflict]


class ResolveIn(Input):
    """MINE does the edit of the conflict again, to the draft as it is now; THEIRS leaves the draft as it is."""

    by: Person
    choice: Literal["MINE", "THEIRS"]


class PresenceIn(Input):
    """Who looks at which part of the map: west, south, east, north."""

    by: Person
    bbox: tuple[Longitude, Latitude, Longitude, Latitude]


class Present(Output):
    """Somebody who has the draft open."""

    person: str
    seen_at: datetime
    bbox: tuple[float, float, float, float]


class PresenceList(Output):
    """Who has the draft open, by name."""

    items: list[Present]
