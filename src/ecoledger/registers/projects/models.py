"""The models of 治理工程, each defined in its register's own module."""

from ecoledger.registers.projects.project_schedule import Milestone, Project

__all__ = ["Milestone", "Project"]
