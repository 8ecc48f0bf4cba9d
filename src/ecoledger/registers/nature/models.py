"""The models of the line of nature, each defined in its book's own module."""

from ecoledger.registers.nature.candidates import SpeciesCandidate
from ecoledger.registers.nature.change_spots import ChangeSpot
from ecoledger.registers.nature.detections import Deployment, Detection
from ecoledger.registers.nature.protected_areas import ProtectedArea
from ecoledger.registers.nature.species import ProtectedSpecies, Species
from ecoledger.registers.nature.surveys import Sighting, SurveyTrip

__all__ = [
    "ChangeSpot",
    "Deployment",
    "Detection",
    "ProtectedArea",
    "ProtectedSpecies",
    "Sighting",
    "Species",
    "SpeciesCandidate",
    "SurveyTrip",
]
