"""The models of 示范创建, each defined in its book's own module."""

from ecoledger.registers.creation.communities import Community
from ecoledger.registers.creation.criteria import CreationItem, Criterion
from ecoledger.registers.creation.projects import CreationProject

__all__ = ["Community", "CreationItem", "CreationProject", "Criterion"]
