"""Every table, with its constraints, and its indexes with their user named."""

from app.models.allocation import (
    CASE_STATES,
    RUNGS,
    AgentLoad,
    Allocation,
    Decision,
    OrphanCase,
    RefusedEvent,
    Run,
    Strategy,
    TeamLoad,
    WorldRevision,
)
from app.models.base import SRID, Base
from app.models.calibration import Calibration
from app.models.gazetteer import VERSION_CAUSES, GazetteerChange, GazetteerVersion
from app.models.organisation import Agent, BranchArea, Organisation, Team
from app.models.policies import ADDRESS_KINDS, LEVELS, REASONS, Address, Location, OrphanEvent, Policy, Policyholder
from app.models.providers import OUTCOMES, LocationCandidate, ProviderAnswer, ProviderQuota, ProviderState
from app.models.records import IdempotencyKey, ImportedFile
from app.models.review import (
    UNLOCATABLE_REASONS,
    WAITING_CODES,
    LearnedPlace,
    LocationBefore,
    LocationDecision,
    LocationReview,
    LocationReviewReading,
)
from app.models.territories import PLACE_KINDS, Community, GazetteerPlace, Territory

__all__ = [
    "ADDRESS_KINDS",
    "CASE_STATES",
    "LEVELS",
    "OUTCOMES",
    "PLACE_KINDS",
    "REASONS",
    "RUNGS",
    "SRID",
    "UNLOCATABLE_REASONS",
    "VERSION_CAUSES",
    "WAITING_CODES",
    "Address",
    "Agent",
    "AgentLoad",
    "Allocation",
    "Base",
    "BranchArea",
    "Calibration",
    "Community",
    "Decision",
    "GazetteerChange",
    "GazetteerPlace",
    "GazetteerVersion",
    "IdempotencyKey",
    "ImportedFile",
    "LearnedPlace",
    "Location",
    "LocationBefore",
    "LocationCandidate",
    "LocationDecision",
    "LocationReview",
    "LocationReviewReading",
    "Organisation",
    "OrphanCase",
    "OrphanEvent",
    "Policy",
    "Policyholder",
    "ProviderAnswer",
    "ProviderQuota",
    "ProviderState",
    "RefusedEvent",
    "Run",
    "Strategy",
    "Team",
    "TeamLoad",
    "Territory",
    "WorldRevision",
]
