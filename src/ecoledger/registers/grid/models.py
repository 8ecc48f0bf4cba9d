"""The models of 网格, each defined in its own module."""

from ecoledger.registers.grid.cells import GridCell
from ecoledger.registers.grid.events import GridEvent
from ecoledger.registers.grid.patrol_services import PatrolService
from ecoledger.registers.grid.patrols import Patrol

__all__ = ["GridCell", "GridEvent", "Patrol", "PatrolService"]
