"""``ecoledger person``: the people who sign in, for the first start and for emergencies.

Everyday changes are the security administrator's, on the page "people". What is done here is on the
audit trail too. One JSON object a person on stdout.
"""

from __future__ import annotations

import json
import secrets
import string
from pathlib import Path
from typing import Any

import click

from ecoledger.cli import data_folder

# Without characters that are mistaken for each other when copied from paper.
_LETTERS = "".join(c for c in string.ascii_letters + string.digits if c not in "0Oo1lI")


@click.group("person")
@data_folder.option
def command(data: Path) -> None:
    """Create people, set their roles and areas, unlock them."""
    data_folder.use(data)


def initial_password(length: int = 14) -> str:
    """A random password with letters and digits that passes the house's password rules."""
    while True:
        made = "".join(secrets.choice(_LETTERS) for _ in range(length))
        if all(any(test(c) for c in made) for test in (str.isdigit, str.islower, str.isupper)):
            return made


def _shown(person: Any, **more: Any) -> None:
    click.echo(
        json.dumps(
            {
                "username": person.username,
                "name": person.name,
                "organisation": person.organisation.name if person.organisation else None,
                "roles": person.roles,
                "area_codes": person.area_codes,
                "active": person.is_active,
                **more,
            },
            ensure_ascii=False,
        )
    )


def _roles(names: tuple[str, ...]) -> list[str]:
    from ecoledger.accounts.roles import Role

    known = [role.value for role in Role]
    for name in names:
        if name not in known:
            raise click.BadParameter(f"no role {name!r}; there are: {', '.join(known)}")
    from ecoledger.accounts import appointing

    if why := appointing.odd_roles(names):
        raise click.BadParameter(why)
    return list(dict.fromkeys(names))


def _areas(codes: tuple[str, ...]) -> list[str]:
    for code in codes:
        if not code.isdigit() or not 2 <= len(code) <= 12:
            raise click.BadParameter(f"{code!r} is no division code: 2 to 12 digits")
    from ecoledger.standards.identifiers import short_division

    return list(dict.fromkeys(map(short_division, codes)))


def _organisation(name: str | None) -> Any:
    from ecoledger.accounts.models import Organisation

    if name is None:
        return None
    organisation = Organisation.objects.filter(name=name).first()
    if organisation is None:
        names = "、".join(Organisation.objects.values_list("name", flat=True)[:20])
        raise click.BadParameter(f"no organisation {name!r}; there are: {names or 'none yet'}")
    return organisation


def _person(username: str) -> Any:
    from ecoledger.accounts.models import Person

    person = Person.objects.filter(username=username).first()
    if person is None:
        raise click.ClickException(f"nobody has the user name {username!r}")
    return person


_role_option = click.option(
    "--role", "roles", multiple=True, metavar="ROLE", help="May be given several times."
)
_area_option = click.option(
    "--area", "areas", multiple=True, metavar="CODE", help="Division code seen, with all below it."
)


@command.command()
@click.argument("username")
@click.option("--name", required=True, help="The person's name.")
@_role_option
@_area_option
@click.option("--organisation", metavar="NAME", help="An organisation already on record.")
@click.option("--post", default="", help="What the person is there.")
def create(
    username: str,
    name: str,
    roles: tuple[str, ...],
    areas: tuple[str, ...],
    organisation: str | None,
    post: str,
) -> None:
    """Create USERNAME with a random password, shown once."""
    from django.core.exceptions import ValidationError
    from django.db import transaction

    from ecoledger.accounts import audit
    from ecoledger.accounts.models import Person

    person = Person(
        username=username,
        name=name,
        organisation=_organisation(organisation),
        post=post,
    )
    person.roles, person.area_codes = _roles(roles), _areas(areas)
    password = initial_password()
    person.set_password(password)
    person.must_change_password = True
    try:
        person.full_clean()
    except ValidationError as error:
        raise click.ClickException("; ".join(error.messages)) from error
    with transaction.atomic():
        person.save()
        audit.record(None, "add_person", person, details={"by": "command line"})
    _shown(person, password=password)


@command.command("set")
@click.argument("username")
@_role_option
@_area_option
@click.option("--organisation", metavar="NAME")
@click.option("--active/--inactive", default=None)
def change(
    username: str,
    roles: tuple[str, ...],
    areas: tuple[str, ...],
    organisation: str | None,
    active: bool | None,
) -> None:
    """Set USERNAME's roles, areas or organisation; what is not given stays."""
    from django.db import transaction

    from ecoledger.accounts import audit

    person = _person(username)
    before = {"roles": person.roles, "area_codes": person.area_codes, "active": person.is_active}
    if roles:
        person.roles = _roles(roles)
    if areas:
        person.area_codes = _areas(areas)
    if organisation is not None:
        person.organisation = _organisation(organisation)
    if active is not None:
        person.is_active = active
    with transaction.atomic():
        person.save()
        audit.record(None, "edit_person", person, details={"by": "command line", "before": before})
    _shown(person)


@command.command("reset-password")
@click.argument("username")
def reset_password(username: str) -> None:
    """Give USERNAME a new random password, shown once, and unlock the account."""
    from django.db import transaction

    from ecoledger.accounts import audit, keys

    person = _person(username)
    password = initial_password()
    person.set_password(password)
    person.must_change_password = True
    person.failed_sign_ins, person.locked_until = 0, None
    with transaction.atomic():
        person.save()
        keys.revoke_all(person, None)
        audit.record(None, "reset_password", person, details={"by": "command line"})
    _shown(person, password=password)


@command.command("first-passwords")
def first_passwords() -> None:
    """Give everyone who came by file and never had a password a random one, shown once."""
    from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
    from django.db import transaction

    from ecoledger.accounts import audit
    from ecoledger.accounts.models import Person

    waiting = Person.objects.filter(
        is_active=True, last_login=None, password__startswith=UNUSABLE_PASSWORD_PREFIX
    )
    for person in waiting.select_related("organisation").order_by("username"):
        password = initial_password()
        with transaction.atomic():
            person.set_password(password)
            person.must_change_password = True
            person.save()
            details = {"by": "command line"}
            audit.record(None, "first_password", person, details=details)
        _shown(person, password=password)


@command.command()
@click.argument("username")
def unlock(username: str) -> None:
    """Let USERNAME sign in again after too many failures."""
    from django.db import transaction

    from ecoledger.accounts import audit

    person = _person(username)
    person.failed_sign_ins, person.locked_until = 0, None
    with transaction.atomic():
        person.save(update_fields=["failed_sign_ins", "locked_until"])
        audit.record(None, "unlock_person", person, details={"by": "command line"})
    _shown(person)


@command.command("list")
def list_people() -> None:
    """Everyone, one JSON object a line."""
    from ecoledger.accounts.models import Person

    for person in Person.objects.select_related("organisation").order_by("username"):
        _shown(person, locked=person.locked_until is not None)


@command.command("remove-second-factor")
@click.argument("username")
def remove_second_factor(username: str) -> None:
    """Take away USERNAME's phone as second factor, when it is lost with all spare codes."""
    from django.db import transaction

    from ecoledger.accounts import audit, second_factor

    person = _person(username)
    with transaction.atomic():
        device = second_factor.device_of(person) is not None
        if device:
            second_factor.remove(person, person)
            audit.record(None, "remove_second_factor", person, details={"by": "command line"})
    _shown(person, removed=device)
