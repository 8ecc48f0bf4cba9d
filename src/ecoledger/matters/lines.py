"""Child rows of a matter as a declaration: milestones of a project, measures of a problem, items of a list.

From it come a table to fill in on the form, a table on the matter's page and a sheet in the export.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db.models import ForeignKey, Model, QuerySet

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF
from ecoledger.listings.derive import Derive, related_to
from ecoledger.listings.parts import Ask, Column, DeclarationError, Text
from ecoledger.matters.models import Matter


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Rows of ``model`` that belong to a matter by its one foreign key to the matter's model.

    ``columns`` are names of the model, or asks in place of them; those ``computed`` are shown and not asked. ``needed``: how many a matter has at least.
    ``first`` gives the rows a new matter begins with, but those whose first column somebody filled in: the items of a form,
    made of the fields that ``follows`` names, and anew where one of them is changed before anybody filled them in. ``by_owner``: whoever
    answers for a matter fills them in although another entered it, as his steps ask for them. ``by_opener``: whoever entered
    it fills them in also once it is begun. ``by_step``: whoever may take a main step that stands open does, ``by_counterpart``:
    the other one of two firms, where that step is its own. ``by_staff``: nobody from outside the house does.
    """

    key: str
    label: Text
    model: type[Model]
    columns: tuple[str | Ask, ...]
    labels: Mapping[str, Text] = field(default_factory=dict)
    computed: tuple[str, ...] = ()
    needed: int = 0
    first: Callable[[Any], Sequence[Mapping[str, Any]]] | None = None
    follows: tuple[str, ...] = ()
    by_owner: bool = False
    by_opener: bool = False
    by_step: bool = False
    by_counterpart: bool = False
    by_staff: bool = False

    def __post_init__(self) -> None:
        if not self.asks or not self.parent:
            raise DeclarationError(f"{self.key}: no columns")

    @cached_property
    def _derive(self) -> Derive:
        return Derive(self.model, self.labels, {}, {})

    @cached_property
    def asks(self) -> tuple[Ask, ...]:
        """The columns as the form asks them."""
        return tuple(ask for ask in self._columns if ask.name not in self.computed)

    @cached_property
    def _columns(self) -> tuple[Ask, ...]:
        return tuple(self._derive.ask(said) for said in self.columns)

    @cached_property
    def shown(self) -> tuple[Column, ...]:
        """The columns as the page and the export show them."""
        return tuple(
            self._derive.column(Column(ask.name, ask.label, ask.kind)) for ask in self._columns
        )

    @cached_property
    def parent(self) -> str:
        """Name of the foreign key to the matter."""
        return matter_of(self.model)

    def asked_of(self, person: Person) -> bool:
        """Whether they are for ``person`` to fill in at all."""
        return not self.by_staff or person.has_role(*STAFF)

    def of(self, matter: Matter) -> QuerySet[Any]:
        """The matter's rows, in the model's order."""
        return self.model._default_manager.filter(**{self.parent: matter.pk})


def matter_of(model: type[Model]) -> str:
    """Name of the foreign key by which rows of ``model`` belong to a matter."""
    for candidate in model._meta.fields:
        remote = related_to(candidate)
        if isinstance(candidate, ForeignKey) and remote and issubclass(remote, Matter):
            return candidate.name
    raise DeclarationError(f"{model.__name__} belongs to no matter")
