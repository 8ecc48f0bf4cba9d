"""Why something was not done: said to a person, with what would help."""

from __future__ import annotations

from collections.abc import Mapping


class Refused(Exception):  # noqa: N818 - an answer, not a failure
    """An action that was not done. ``why`` and ``remedy`` are in the person's language.

    ``code``: role, owner, state, second_person, evidence, form, condition, conflict, file.
    ``fields`` names what is wrong field by field.
    """

    def __init__(
        self,
        code: str,
        why: str,
        remedy: str = "",
        fields: Mapping[str, list[str]] | None = None,
    ) -> None:
        self.code = code
        self.why = str(why)
        self.remedy = str(remedy)
        self.fields = dict(fields or {})
        super().__init__(f"{self.why}{self.remedy}")


class NotVisible(LookupError):  # noqa: N818 - pages answer 404, as for what does not exist
    """There is no such row, or none that this person may know of."""
