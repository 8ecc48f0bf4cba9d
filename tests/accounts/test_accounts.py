"""Signing in and being locked out, the audit trail, and what a person's scope lets through."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta

import pytest
from click.testing import CliRunner
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import connection, connections
from django.urls import reverse
from django.utils import timezone

from ecoledger.accounts import audit, chain, sign_in
from ecoledger.accounts.models import AuditEntry, ChainHead, FailedSignIns, Person
from ecoledger.accounts.roles import CAPABILITIES, STAFF, Role
from ecoledger.accounts.scope import visible
from ecoledger.cli.person import command, initial_password
from ecoledger.entities.models import Enterprise

WRONG = "not the one"
PASSWORD = "correct horse battery"  # of everyone in the small county


@pytest.fixture
def attempt(rf):
    def make(username="officer", password=WRONG):
        return sign_in.attempt(rf.post("/sign-in"), username, password, address="10.0.0.9")

    return make


# ---- signing in ----------------------------------------------------------------------------------


def test_the_right_password_signs_in_and_is_on_the_trail(people, attempt):
    assert attempt(password=PASSWORD).person == people["officer"]
    entry = AuditEntry.objects.get(action="sign_in")
    assert (entry.person, entry.address) == (people["officer"], "10.0.0.9")


def test_an_account_is_locked_after_so_many_failures_even_for_the_right_password(people, attempt):
    for _ in range(sign_in.FAILURES_ALLOWED - 1):
        assert "不正确" in attempt().problem
    last = attempt()
    assert "已锁定" in last.problem
    assert last.locked == people["officer"]
    assert AuditEntry.objects.get(action="account_locked").address == "10.0.0.9"
    assert attempt(password=PASSWORD).person is None
    assert AuditEntry.objects.filter(action="sign_in_failed").count() == sign_in.FAILURES_ALLOWED
    # Someone else's account is not touched by it.
    assert attempt("leader", PASSWORD).person == people["leader"]


def test_the_lock_ends_by_itself_and_success_clears_the_count(people, attempt):
    for _ in range(sign_in.FAILURES_ALLOWED):
        attempt()
    Person.objects.filter(username="officer").update(
        locked_until=timezone.now() - timedelta(seconds=1)
    )
    assert attempt(password=PASSWORD).person == people["officer"]
    officer = Person.objects.get(username="officer")
    assert (officer.failed_sign_ins, officer.locked_until) == (0, None)


def test_unknown_names_and_inactive_people_learn_nothing(people, attempt):
    unknown = attempt("nobody", PASSWORD)
    Person.objects.filter(username="officer").update(is_active=False)
    inactive = attempt(password=PASSWORD)
    assert unknown.person is inactive.person is None
    assert inactive.problem == unknown.problem
    # Nor does the lock tell a name that somebody has from one that nobody has.
    for name in ("nobody", "leader"):
        for _ in range(sign_in.FAILURES_ALLOWED):
            said = attempt(name).problem
        assert "已锁定" in said
    assert "已锁定" in attempt("nobody").problem


@pytest.mark.django_db(transaction=True)
def test_twenty_guesses_at_once_are_five_looks(people, rf, monkeypatch):
    looks = []

    def slow(*arguments, **credentials):
        looks.append(credentials["password"])
        time.sleep(0.2)

    monkeypatch.setattr(sign_in, "authenticate", slow)
    monkeypatch.setattr(sign_in, "_hashing", sign_in._Hashing())
    monkeypatch.setattr(sign_in._hashing, "_places", threading.BoundedSemaphore(20))

    def guess(n):
        try:
            return sign_in.attempt(
                rf.post("/sign-in"), "officer", f"guess {n}", address=f"10.0.{n}.1"
            )
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as threads:
        made = list(threads.map(guess, range(20)))
    assert len(looks) == sign_in.FAILURES_ALLOWED
    assert sum(one.locked is not None for one in made) == 1
    assert AuditEntry.objects.filter(action="account_locked").count() == 1
    # And no more once they are over: the lock does not begin the count anew.
    guess(21)
    assert len(looks) == sign_in.FAILURES_ALLOWED


def test_an_address_that_fails_has_to_wait_longer_every_time(people, attempt, monkeypatch):
    clock = [timezone.now()]
    monkeypatch.setattr(sign_in.timezone, "now", lambda: clock[0])
    slowed = [attempt(f"name{n}").slowed for n in range(sign_in.FREE_FAILURES)]
    assert slowed == [0] * (sign_in.FREE_FAILURES - 1) + [sign_in.FREE_FAILURES]
    waits = []
    for n in range(8):
        refused = attempt("leader", PASSWORD)
        assert refused.person is None
        waits.append(refused.wait)
        clock[0] += timedelta(seconds=refused.wait)
        assert attempt(f"another{n}").wait == 0
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256]
    clock[0] += timedelta(seconds=sign_in.LONGEST_WAIT)
    assert attempt("leader", PASSWORD).person == people["leader"]


def test_an_address_of_ipv6_is_its_network(db, monkeypatch):
    failures = sign_in.Failures(2, 2.0, 10.0)
    failures.failed("2001:db8::1")
    assert failures.failed("2001:db8::ffff") == 2
    assert failures.wait("2001:db8:0:0:1::") > 0
    assert failures.wait("2001:db8:0:1::1") == 0
    later = timezone.now() + sign_in.FORGOTTEN_AFTER + timedelta(seconds=1)
    monkeypatch.setattr(sign_in.timezone, "now", lambda: later)
    assert failures.wait("2001:db8::1") == 0
    assert failures.failed("2001:db8::1") == 1


def test_a_clock_set_back_makes_nobody_wait_longer_than_ever(db, monkeypatch):
    failures = sign_in.Failures(1, 2.0, 10.0)
    failures.failed("10.0.0.7")
    back = timezone.now() - timedelta(days=400)
    monkeypatch.setattr(sign_in.timezone, "now", lambda: back)
    assert failures.wait("10.0.0.7") == 10.0


def test_what_counts_no_longer_is_dropped(db, monkeypatch):
    sign_in.addresses.failed("10.0.0.7")
    sign_in.forget_old_failures()
    assert FailedSignIns.objects.count() == 1
    later = timezone.now() + sign_in.FORGOTTEN_AFTER + timedelta(seconds=1)
    monkeypatch.setattr(sign_in.timezone, "now", lambda: later)
    sign_in.forget_old_failures()
    assert not FailedSignIns.objects.exists()


def test_one_address_does_not_fill_the_queue():
    hashing = sign_in._Hashing()
    with ExitStack() as stack:
        monkey = threading.BoundedSemaphore(10)
        hashing._places = monkey
        granted = [stack.enter_context(hashing.turn("10.0.0.1")) for _ in range(5)]
        assert granted == [True, True, True, False, False]
        assert stack.enter_context(hashing.turn("10.0.0.2"))
    with hashing.turn("10.0.0.1") as again:
        assert again


@pytest.mark.parametrize("password", ["short1", "12345678901", "password123", "officer"])
def test_weak_passwords_are_refused(people, password):
    with pytest.raises(ValidationError):
        validate_password(password, people["officer"])


def test_pages_ask_to_sign_in(client, db):
    response = client.get(reverse("my-work"))
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("sign-in"))


# ---- scope ---------------------------------------------------------------------------------------


def seen(person) -> set[str]:
    rows = visible(Enterprise.objects.all(), person, "area_code", "code")
    return set(rows.values_list("code", flat=True))


def test_scope_is_granted_by_area_or_enterprise_and_never_assumed(bureau, people):
    Enterprise.objects.create(code="E-2", name="南镇厂", area_code="990101002")
    Enterprise.objects.create(code="E-3", name="邻县厂", area_code="990102001")
    assert seen(people["officer"]) == {"E-1", "E-2"}
    assert seen(people["town"]) == {"E-1"}
    assert seen(people["enterprise"]) == {"E-1"}
    assert seen(people["system_admin"]) == set()
    nobody = Person.objects.create(username="n", name="无", roles=["officer"], area_codes=[])
    assert seen(nobody) == set()
    people["officer"].is_active = False
    assert seen(people["officer"]) == set()


def test_an_enterprise_user_without_an_enterprise_sees_nothing(bureau, people):
    Enterprise.objects.create(code="", name="无编码", area_code="990101001")
    lost = Person.objects.create(username="x", name="x", roles=["enterprise"])
    assert seen(lost) == set()
    lost.area_codes = ["99"]
    assert seen(lost) == set()


def test_every_capability_belongs_to_somebody_and_administrators_see_no_business_data():
    assert all(CAPABILITIES.values())
    for role in (Role.SECURITY_ADMIN, Role.AUDIT_ADMIN, Role.SYSTEM_ADMIN):
        assert role not in CAPABILITIES["see_matters"]
        assert role not in STAFF


# ---- the trail -----------------------------------------------------------------------------------


def test_a_changed_or_removed_entry_breaks_the_trail(people):
    for n in range(3):
        audit.record(people["officer"], "test", details={"n": n, "at": timezone.now()})
    assert audit.first_broken() is None
    second = AuditEntry.objects.order_by("id")[1]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_auditentry SET address='x' WHERE id=%s", [second.pk])
    assert audit.first_broken().row_id == second.pk
    AuditEntry.objects.filter(pk=second.pk).delete()
    assert audit.first_broken() is not None


def test_a_trail_cut_off_at_its_end_is_told(people):
    assert audit.first_broken() is None
    for n in range(3):
        audit.record(people["officer"], "test", details={"n": n})
    assert audit.first_broken() is None
    AuditEntry.objects.order_by("-id").first().delete()
    assert audit.first_broken().row_id is None
    assert "末尾" in audit.first_broken().why


def test_who_writes_the_database_alone_cannot_mend_the_trail(people, settings):
    for n in range(5):
        audit.record(people["officer"], "sign_in_failed" if n == 2 else "test", details={"n": n})
    # Ten lines that remove a row and seal the rest again, without the key.
    AuditEntry.objects.filter(action="sign_in_failed").delete()
    key, settings.CHAIN_KEY = settings.CHAIN_KEY, b"another"
    previous = ""
    for entry in AuditEntry.objects.order_by("id"):
        entry.previous_hash = previous
        entry.hash = previous = audit._sealed(entry)
        entry.save()
    ChainHead.objects.filter(name="audit").update(hash=previous, count=4)
    assert audit.first_broken() is None
    settings.CHAIN_KEY = key
    assert audit.first_broken() is not None


def test_not_even_who_has_the_key_can_cut_off_what_was_noted_outside(people, tmp_path):
    notes = tmp_path / "heads.jsonl"
    for n in range(4):
        audit.record(people["officer"], "test", details={"n": n})
    chain.note_heads(notes)
    assert audit.against_notes(notes) is None
    last = AuditEntry.objects.order_by("-id").first()
    last.delete()
    before = AuditEntry.objects.order_by("-id").first()
    ChainHead.objects.filter(name="audit").update(hash=before.hash, count=3)
    assert audit.first_broken() is None
    assert "只有 3 条" in audit.against_notes(notes).why
    # Nor put something else in its place.
    audit.record(people["officer"], "something else")
    assert audit.first_broken() is None
    assert "第 4 条" in audit.against_notes(notes).why
    # A line that was cut short harms nothing.
    with notes.open("a") as file:
        file.write('{"at": "2026')
    assert "第 4 条" in audit.against_notes(notes).why


# ---- the command ---------------------------------------------------------------------------------


def run(*arguments):
    return CliRunner().invoke(command, list(arguments))


def test_a_person_is_created_with_a_random_password_that_works(people, attempt):
    made = run(
        "create", "wang", "--name", "王某", "--role", "officer", "--role", "monitor",
        "--area", "990101", "--organisation", "测试县生态环境局",
    )  # fmt: skip
    assert made.exit_code == 0
    shown = json.loads(made.stdout)
    assert shown["roles"] == ["officer", "monitor"]
    assert attempt("wang", shown["password"]).person.name == "王某"
    assert AuditEntry.objects.filter(action="add_person").exists()
    changed = json.loads(run("set", "wang", "--role", "leader", "--inactive").stdout)
    assert (changed["roles"], changed["area_codes"], changed["active"]) == (
        ["leader"],
        ["990101"],
        False,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "officer", "--name", "重名"),
        ("create", "x", "--name", "x", "--role", "king"),
        ("create", "x", "--name", "x", "--role", "system_admin", "--role", "audit_admin"),
        ("create", "x", "--name", "x", "--area", "county"),
        ("create", "x", "--name", "x", "--organisation", "不存在"),
        ("unlock", "nobody"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_made(people, arguments):
    before = Person.objects.count()
    assert run(*arguments).exit_code != 0
    assert Person.objects.count() == before


def test_a_locked_person_is_unlocked(people, attempt):
    for _ in range(sign_in.FAILURES_ALLOWED):
        attempt()
    assert run("unlock", "officer").exit_code == 0
    assert attempt(password=PASSWORD).person is not None
    reset = json.loads(run("reset-password", "officer").stdout)
    assert attempt(password=PASSWORD).person is None
    assert attempt(password=reset["password"]).person is not None


def test_initial_passwords_pass_the_rules_and_differ():
    made = {initial_password() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        validate_password(password)
