"""A question about territories that are not saved: whose, and as what they would be."""

from typing import Annotated

from pydantic import ConfigDict, Field

from app.fields import Code, Crs, Day, Input
from app.territories.editing.schemas import DrawnArea


class SupposedTerritory(Input):
    """A team's territory as it would be; null: none. Only valid areas are accepted."""

    team_code: Code
    geometry: DrawnArea | None


class WhatIfIn(Input):
    """What would it mean if these teams of a branch had these territories? Against what is in force on the date."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "branch_code": "E",
                    "on": "2026-03-10",
                    "crs": "CGCS2000",
                    "changes": [
                        {
                            "team_code": "T-E2",
                            "geometry": {
                                "type": "Polygon",
                                "coordinates": [
                                    [
                                        [120.015, 30.0],
                                        [120.03, 30.0],
                                        [120.03, 30.01],
                                        [120.015, 30.01],
                                        [120.015, 30.0],
                                    ]
                                ],
                            },
                        }
                    ],
                }
            ]
        }
    )

    branch_code: Code
    on: Day | None = Field(default=None, description="Date, today unless given")
    crs: Crs | None = Field(default=None, description="System of the coordinates; it must be declared")
    changes: Annotated[list[SupposedTerritory], Field(min_length=1, max_length=100)]
