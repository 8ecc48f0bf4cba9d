"""What the house knows of each kind of entity: how it is numbered, checked, and who else answers for it.

An inventory tells it in its declaration; ``editing``, ``states`` and ``charges`` read it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model

from ecoledger.entities.models import Entity


@dataclass(frozen=True)
class Question:
    """What only the person can say before a thing is kept: (answer, its words) to choose from."""

    text: str
    choices: tuple[tuple[str, str], ...]


class UnansweredError(ValidationError):
    """Raised with the questions, by field, that must be answered first."""

    def __init__(self, questions: Mapping[str, Question]) -> None:
        super().__init__({name: question.text for name, question in questions.items()})
        self.questions = dict(questions)


@dataclass
class Findings:
    """What a check says of a thing. ``answers``: what the person said to its questions, by field."""

    answers: Mapping[str, str] = field(default_factory=dict)
    # Refused, by field; kept and said; open until answered, by field.
    wrong: dict[str, str] = field(default_factory=dict)
    odd: list[str] = field(default_factory=list)
    asked: dict[str, Question] = field(default_factory=dict)

    def stop(self) -> None:
        """Raise what keeps the thing from being stored."""
        if self.wrong:
            raise ValidationError(dict(self.wrong))
        if self.asked:
            raise UnansweredError(self.asked)


Check = Callable[[Any, Findings], None]


@dataclass(frozen=True)
class EntityKind:
    """One kind. ``letter`` begins its codes; ``numbers``: field -> scheme of the identifier it keeps."""

    model: type[Entity]
    label: str
    letter: str = ""
    parents: tuple[type[Entity], ...] = ()
    numbers: Mapping[str, str] = field(default_factory=dict)
    clean: Check | None = None
    # Code of a new thing where it does not come from letter, county and number.
    number: Callable[[Any], str] | None = None
    # Paths to other entities whose chiefs answer for it too: ("section", "section__river").
    answers_with: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return self.model.KIND


_kinds: dict[str, EntityKind] = {}


def know(kind: EntityKind) -> EntityKind:
    """Make a kind known. Raises ``ValueError`` where its key is taken by another model."""
    if (there := _kinds.get(kind.key)) is not None and there.model is not kind.model:
        raise ValueError(f"{kind.key} is a kind already")
    _kinds[kind.key] = kind
    return kind


def all_kinds() -> tuple[EntityKind, ...]:
    """Every kind, in the order of declaration."""
    return tuple(_kinds.values())


def kind_of(thing: Entity | str) -> EntityKind:
    """The kind of an entity or of a key. Raises ``KeyError``."""
    return _kinds[thing if isinstance(thing, str) else thing.KIND or thing.kind]


def own_row(entity: Entity) -> Entity:
    """The entity with its kind's own fields."""
    kind = _kinds.get(entity.kind)
    if kind is None or isinstance(entity, kind.model):
        return entity
    row: Entity = kind.model._default_manager.get(pk=entity.pk)
    return row


def label_of(key: str) -> str:
    """Chinese name of a kind; the key itself where nobody declared it."""
    kind = _kinds.get(key)
    return kind.label if kind else key


def models_of(entity: Entity) -> tuple[type[Model], ...]:
    """The models that together hold the entity."""
    kind = _kinds.get(entity.kind)
    return (Entity,) if kind is None else (Entity, kind.model)
