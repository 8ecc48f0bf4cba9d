"""Why something was not done: said to a person, with what would help."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _


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


def refuse(wrong: Mapping[str, str], remedy: str = "") -> None:
    """Raise what is wrong, by field; nothing where nothing is."""
    if wrong:
        fields = {name: [why] for name, why in wrong.items()}
        raise Refused("form", _("；").join(wrong.values()), remedy, fields)


class NotVisible(LookupError):  # noqa: N818 - pages answer 404, as for what does not exist
    """There is no such row, or none that this person may know of."""
