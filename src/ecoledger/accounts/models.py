"""People, the organisations they belong to, the keys that speak for them, and the audit trail."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models, transaction
from django.utils import timezone

from ecoledger.accounts import grants
from ecoledger.accounts.fields import AreaCodeField, EntityCodeField
from ecoledger.accounts.json_in_order import JSONInOrder
from ecoledger.accounts.roles import CAPABILITIES, LINES, Role

# Earlier passwords that may not come back.
PASSWORDS_KEPT = 5


class Organisation(models.Model):
    """A bureau, department, town government, enterprise or service provider (单位)."""

    class Kind(models.TextChoices):
        BUREAU = "bureau", "生态环境局"
        DEPARTMENT = "department", "政府部门"
        TOWN = "town", "镇（街道）"
        ENTERPRISE = "enterprise", "企业"
        THIRD_PARTY = "third_party", "第三方机构"

    name = models.CharField("名称", max_length=120, unique=True)
    kind = models.CharField("类别", max_length=20, choices=Kind.choices)
    area_code = AreaCodeField()
    # Code of the enterprise, for enterprise organisations. Not a foreign key: entities stand above accounts and
    # import it, so this room cannot name their table; a code is what a file of people brings anyway.
    entity_code = EntityCodeField()
    # Short and former names under which ledgers know it, beside those that follow from its name.
    other_names = models.CharField(
        "其他名称", max_length=400, blank=True, help_text="简称、曾用名，用“、”分开"
    )

    class Meta:
        verbose_name = "单位"
        constraints = [
            models.UniqueConstraint(
                fields=["entity_code"],
                condition=models.Q(kind="enterprise") & ~models.Q(entity_code=""),
                name="one_organisation_an_enterprise",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def also_called(self) -> tuple[str, ...]:
        """The other names, one by one."""
        return tuple(name for name in re.split(r"[、,，;；\s]+", self.other_names) if name)


class Person(AbstractUser):
    """Someone who signs in. What they see is bounded by roles and by area (数据范围).

    ``roles`` and ``area_codes`` are what is granted now (:class:`RoleGrant`, :class:`AreaGrant`). Both may be set
    like fields; saving the person then grants and ends what differs. An area is a prefix of division codes:
    ``["350502"]`` sees the county and every town below it.
    """

    first_name = None  # type: ignore[assignment]  # Django's way to leave a field out
    last_name = None  # type: ignore[assignment]
    name = models.CharField("姓名", max_length=60)
    organisation = models.ForeignKey(
        Organisation,
        verbose_name="单位",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="people",
    )
    post = models.CharField("职务", max_length=60, blank=True)
    phone = models.CharField("手机", max_length=20, blank=True)
    # By this an account is known as an officer's; until when it holds is kept in the book of officers.
    certificate_no = models.CharField("执法证号", max_length=40, blank=True)
    password_changed_at = models.DateTimeField("密码修改时间", default=timezone.now)
    must_change_password = models.BooleanField("须修改密码", default=False)
    # Hashes of the passwords before, the latest first.
    password_history = models.JSONField(default=list, blank=True)
    # What is granted now, once it has been asked for or set; not columns.
    _roles: list[str] | None = None
    _area_codes: list[str] | None = None
    _granted_anew = False

    failed_sign_ins = models.PositiveSmallIntegerField("连续登录失败次数", default=0)
    locked_until = models.DateTimeField("锁定至", null=True, blank=True)

    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = "人员"

    def __str__(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name

    @property
    def roles(self) -> list[str]:
        """Values of :class:`Role` held now."""
        if self._roles is None:
            self._roles = grants.names(self, "role")
        return self._roles

    @roles.setter
    def roles(self, values: Iterable[str]) -> None:
        self._roles = [str(value) for value in values]
        self._granted_anew = True

    @property
    def area_codes(self) -> list[str]:
        """Codes of the divisions seen now, each with all below it."""
        if self._area_codes is None:
            self._area_codes = grants.names(self, "area_code")
        return self._area_codes

    @area_codes.setter
    def area_codes(self, values: Iterable[str]) -> None:
        self._area_codes = [str(value) for value in values]
        self._granted_anew = True

    @property
    def own_area(self) -> str:
        """The widest of the divisions seen, with which a page begins; "" where none is."""
        return min(self.area_codes, key=len, default="")

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, and with it the roles and areas that were set."""
        if (only := kwargs.get("update_fields")) is not None:
            kwargs["update_fields"] = set(only) - {"roles", "area_codes"}
        with transaction.atomic():
            super().save(*args, **kwargs)
            if self._granted_anew:
                grants.set_names(self, "role", self.roles)
                grants.set_names(self, "area_code", self.area_codes)
                self._granted_anew = False

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        super().refresh_from_db(*args, **kwargs)
        self._roles = self._area_codes = None
        self._granted_anew = False

    def set_password(self, raw_password: str | None) -> None:
        """Take a new password; the one before it is remembered so that it does not come back."""
        if self.password and self.pk is not None:
            self.password_history = [self.password, *self.password_history][:PASSWORDS_KEPT]
        super().set_password(raw_password)
        self.password_changed_at = timezone.now()
        self.must_change_password = False

    def has_role(self, *roles: Role) -> bool:
        return not frozenset(self.roles).isdisjoint(roles)

    def may(self, capability: str) -> bool:
        """Whether one of the person's roles holds ``capability`` (see ``roles.CAPABILITIES``)."""
        return self.is_active and not CAPABILITIES[capability].isdisjoint(self.roles)

    @property
    def role_labels(self) -> list[str]:
        return [Role(role).label for role in self.roles]

    @property
    def entity_code(self) -> str:
        """Code of the enterprise an enterprise user speaks for, else empty."""
        return self.organisation.entity_code if self.organisation else ""


class Grant(models.Model):
    """Something granted to a person for a time: from ``since`` until before ``until``, or without end."""

    since = models.DateTimeField("起", default=timezone.now)
    until = models.DateTimeField("止", null=True, blank=True)

    class Meta:
        abstract = True


class RoleGrant(Grant):
    """A role a person holds (岗位). A section chief heads a line of business (``roles.LINES``)."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="role_grants")
    role = models.CharField(
        "岗位", max_length=20, choices=[(role.value, role.label) for role in Role]
    )
    line = models.CharField("业务条线", max_length=20, blank=True, choices=list(LINES.items()))

    class Meta:
        verbose_name = "岗位授权"
        ordering = ["id"]
        indexes = [models.Index(fields=["role", "until"], name="who_holds_a_role")]

    def __str__(self) -> str:
        return f"{self.person} {self.get_role_display()}"


class AreaGrant(Grant):
    """A division a person sees, with all below it (数据范围)."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="area_grants")
    area_code = AreaCodeField()

    class Meta:
        verbose_name = "数据范围授权"
        ordering = ["id"]
        indexes = [models.Index(fields=["area_code", "until"], name="who_sees_an_area")]

    def __str__(self) -> str:
        return f"{self.person} {self.area_code}"


class Deputy(Grant):
    """Who acts for whom for a time (AB角): with the principal's roles and areas, both names on record."""

    principal = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="deputies")
    deputy = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="deputy_for")
    reason = models.CharField("事由", max_length=120, blank=True)
    named_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = "AB角代理"
        ordering = ["-since"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(principal=models.F("deputy")), name="nobody_is_his_own_deputy"
            )
        ]

    def __str__(self) -> str:
        return f"{self.deputy}（代{self.principal}）"


class PersonChange(models.Model):
    """A change of an administrator's account that waits for a second administrator, or has been decided."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="changes")
    # {"roles", "area_codes", "active", "password": its hash or ""}
    wanted = models.JSONField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("时间", default=timezone.now)
    decided_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField("确认时间", null=True, blank=True)
    confirmed = models.BooleanField("已确认", default=False)

    by_id: int
    person_id: int

    class Meta:
        verbose_name = "账号变更"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.person} {self.at:%Y-%m-%d}"


class HandOver(models.Model):
    """What one person handed over to another (交接), as long as it may be undone and after."""

    giver = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="handed_over")
    taker = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="taken_over")
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("时间", default=timezone.now)
    leaves = models.BooleanField("离岗", default=False)
    reason = models.CharField("事由", max_length=200, blank=True)
    # {"given": {part: numbers under which the taker holds them}, "deputies": [[number, end before]]}
    details = JSONInOrder(default=dict)
    undone_at = models.DateTimeField("撤销时间", null=True, blank=True)
    undone_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "工作交接"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.giver} → {self.taker}"


class ApiKey(models.Model):
    """A key for the interface. Only its hash is kept; it may do what its person may, until it expires."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField("用途", max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField("建立时间", default=timezone.now)
    expires_at = models.DateTimeField("到期时间")
    revoked_at = models.DateTimeField("撤销时间", null=True, blank=True)
    last_used_at = models.DateTimeField("最近使用", null=True, blank=True)

    class Meta:
        verbose_name = "接口密钥"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.person} {self.name}"

    @property
    def valid(self) -> bool:
        return self.revoked_at is None and self.expires_at > timezone.now()


class AuditEntry(models.Model):
    """One change or sensitive look, in an append-only chain: each row's hash covers the one before it."""

    at = models.DateTimeField("时间", default=timezone.now, db_index=True)
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    # Who did it in the person's place (AB角).
    deputy = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    action = models.CharField("操作", max_length=60, db_index=True)
    object_type = models.CharField("对象类型", max_length=60, blank=True)
    object_id = models.CharField("对象编号", max_length=60, blank=True)
    area_code = models.CharField(max_length=12, blank=True)
    details = JSONInOrder("内容", default=dict)
    address = models.CharField("来源地址", max_length=45, blank=True)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        verbose_name = "操作记录"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.action}"


class FailedSignIns(models.Model):
    """How often an address, or a name that nobody has, failed to sign in lately (``accounts.sign_in``)."""

    source = models.CharField(primary_key=True, max_length=200)
    count = models.PositiveIntegerField()
    last = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = "登录失败"

    def __str__(self) -> str:
        return f"{self.source} {self.count}"


class ChainHead(models.Model):
    """The last seal of a chain and its length: one row a chain, locked while a row is appended.

    Two writers at once thus make one chain, and a chain cut off at its end no longer fits its head.
    """

    name = models.CharField(max_length=20, unique=True)
    hash = models.CharField(max_length=64, blank=True)
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = "记录链"

    def __str__(self) -> str:
        return f"{self.name} {self.count}"
