"""What every register shares: the matter itself, its events, evidence, clocks, links and notices.

A matter is a row of the one table :class:`Matter`; what only its register knows stands in a table of
that register beside it, under the same key. Inbox, counts, map and search read the one table.
"""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models
from django.utils import timezone

from ecoledger.accounts.fields import AreaCodeField
from ecoledger.accounts.json_in_order import JSONInOrder
from ecoledger.accounts.models import Organisation, Person
from ecoledger.entities.models import Entity
from ecoledger.listings.models import ImportBatch
from ecoledger.matters import number_order


class Urgency(models.TextChoices):
    """How loudly a notice speaks."""

    INFO = "info", "告知"
    SOON = "soon", "临近到期"
    OVERDUE = "overdue", "已超期"
    ESCALATED = "escalated", "升级督办"


class Level(models.TextChoices):
    """How grave a matter is: the colours of the warning levels, mild to severe."""

    BLUE = "blue", "蓝色"
    YELLOW = "yellow", "黄色"
    ORANGE = "orange", "橙色"
    RED = "red", "红色"


class Circulation(models.TextChoices):
    """Who may know of a matter inside its area (知悉范围)."""

    STAFF = "staff", "内部"
    ENTERPRISE = "enterprise", "内部及涉事企业"
    # The roles its register names, and the person who answers for it.
    RESTRICTED = "restricted", "限定知悉"
    # The same roles and the firm it is about, nobody else whoever is given it: what a firm confided.
    CONFIDED = "confided", "限定知悉及涉事企业"


# Of whose matters the circle of their register alone may know, and of whose the firm reads its own.
NARROW = frozenset({Circulation.RESTRICTED, Circulation.CONFIDED})
TOLD = frozenset({Circulation.ENTERPRISE, Circulation.CONFIDED})


class Bundle(models.Model):
    """Matters that run side by side on the same material and clocks (并联办理)."""

    title = models.CharField("名称", max_length=200)
    created_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField("时间", default=timezone.now)

    class Meta:
        ordering = ["-id"]
        verbose_name = "并联办理"

    def __str__(self) -> str:
        return self.title


class Matter(models.Model):
    """A piece of work with an owner, a clock and an end (事项). Each register's model extends it.

    Never saved by pages or jobs: every change goes through ``matters.actions``.
    """

    register = models.CharField("台账", max_length=40, editable=False)
    number = models.CharField("编号", max_length=60, unique=True)
    # The number as it sorts (``number_order.order_of``).
    number_order = models.CharField(max_length=number_order.LENGTH, default="", editable=False)
    title = models.CharField("标题", max_length=200)
    description = models.TextField("内容", blank=True)
    area_code = AreaCodeField(db_index=False)
    address = models.CharField("地址", max_length=200, blank=True)
    lon = models.FloatField("经度", null=True, blank=True)
    lat = models.FloatField("纬度", null=True, blank=True)
    entity = models.ForeignKey(
        Entity,
        verbose_name="对象",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    # The enterprise concerned: what an enterprise's own people are matched by.
    enterprise = models.ForeignKey(
        Entity,
        verbose_name="涉及企业",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    origin = models.CharField("来源", max_length=200, blank=True)
    origin_matter = models.ForeignKey(
        "self",
        verbose_name="引自",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="begotten",
    )
    circulation = models.CharField(
        "知悉范围", max_length=12, choices=Circulation.choices, default=Circulation.STAFF
    )
    level = models.CharField("等级", max_length=10, choices=Level.choices, default=Level.BLUE)
    owner_organisation = models.ForeignKey(
        Organisation,
        verbose_name="责任单位",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
    )
    owner = models.ForeignKey(
        Person,
        verbose_name="责任人",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    state = models.CharField("状态", max_length=30)
    # How the state counts (``workflow.Phase``): what is open is open in every register.
    phase = models.CharField("阶段", max_length=10, default="open", editable=False)
    state_since = models.DateTimeField("进入本环节时间", default=timezone.now)
    opened_at = models.DateTimeField("登记时间", default=timezone.now, db_index=True)
    # The earliest due of the clocks that run now; empty when none runs.
    due = models.DateTimeField("期限", null=True, blank=True, db_index=True)
    due_provisional = models.BooleanField("期限暂定", default=False)
    closed_at = models.DateTimeField("办结时间", null=True, blank=True)
    # How often it came back after closing; events carry it as their ``cycle``.
    reopened = models.PositiveSmallIntegerField("反弹次数", default=0)
    created_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    # Duplicates stay, linked to the matter that goes on in their place, of whichever register.
    merged_into = models.ForeignKey(
        "self",
        verbose_name="并入",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    bundle = models.ForeignKey(
        Bundle,
        verbose_name="并联",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="matters",
    )
    import_batch = models.ForeignKey(
        ImportBatch, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_at = models.DateTimeField("撤销时间", null=True, blank=True)
    # Grows with every action, so that a page opened before someone else acted is told so.
    revision = models.PositiveIntegerField(default=0)
    synthetic = models.BooleanField("合成数据", default=False)
    # Closed before it came here: a fact of an earlier ledger, not work that was checked here.
    history = models.BooleanField("导入的历史", default=False, editable=False)

    sorted_by = {"number": "number_order"}

    owner_id: int | None
    owner_organisation_id: int | None
    enterprise_id: int | None
    merged_into_id: int | None
    origin_matter_id: int | None
    bundle_id: int | None

    class Meta:
        ordering = ["-opened_at", "-id"]
        verbose_name = "事项"
        indexes = [
            # The two that lists, inbox and counts read are wide enough to answer without the table:
            # who may know of a matter is decided from the index alone.
            models.Index(
                fields=[
                    "register",
                    "-opened_at",
                    "-id",
                    "area_code",
                    "circulation",
                    "owner",
                    "withdrawn_at",
                    "merged_into",
                    "owner_organisation",
                ],
                name="matter_of_register",
            ),
            models.Index(
                fields=[
                    "phase",
                    "register",
                    "state",
                    "area_code",
                    "due",
                    "circulation",
                    "owner",
                    "withdrawn_at",
                    "merged_into",
                    "owner_organisation",
                    "reopened",
                ],
                name="matter_by_phase",
            ),
            models.Index(fields=["area_code", "register"], name="matter_by_area"),
            models.Index(fields=["owner_organisation", "area_code"], name="matter_of_unit"),
            models.Index(fields=["register", "due"], name="matter_due_of_register"),
            models.Index(fields=["register", "number_order"], name="matter_number_of_register"),
            models.Index(fields=["phase", "due"], name="matter_by_due"),
            models.Index(fields=["register", "state"], name="matter_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.number_order = number_order.order_of(self.number)
        super().save(*args, **kwargs)

    @property
    def overdue(self) -> bool:
        return bool(self.due and self.due < timezone.now())


class AppendOnly(models.QuerySet[Any]):
    """Rows that are written once."""

    def update(self, **_: Any) -> NoReturn:
        raise TypeError("these rows are append-only: record a further one instead")

    def delete(self) -> NoReturn:
        raise TypeError("these rows are append-only and cannot be deleted")


class Event(models.Model):
    """One step in a matter's life. Written once; its hash covers the matter's and the house's last one."""

    matter = models.ForeignKey(
        Matter, on_delete=models.PROTECT, related_name="events", db_index=False
    )
    at = models.DateTimeField("时间", default=timezone.now)
    # Nobody: the schedule or a rule did it.
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    # Who did it in the person's place (AB角).
    deputy = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    # Name of the transition, or of an engine's own action such as "open", "assign", "evidence".
    transition = models.CharField("动作", max_length=40)
    label = models.CharField("动作名称", max_length=60)
    from_state = models.CharField(max_length=30, blank=True)
    to_state = models.CharField(max_length=30)
    cycle = models.PositiveSmallIntegerField("轮次", default=0)
    # Seconds the matter had been in the state this event takes it out of; follows from the events' times.
    stayed = models.PositiveBigIntegerField(null=True, blank=True, editable=False)
    note = models.TextField("说明", blank=True)
    form = JSONInOrder("填报内容", default=dict)
    # [{"id": evidence, "sha256": of its file}]: the hash covers the files too.
    evidence = JSONInOrder("证据", default=list)
    shown_to_enterprise = models.BooleanField("企业可见", default=False)
    previous_hash = models.CharField("本事项上一条", max_length=64, blank=True)
    previous_overall = models.CharField("全库上一条", max_length=64, blank=True)
    hash = models.CharField(max_length=64, unique=True)

    matter_id: int

    objects = AppendOnly.as_manager()

    class Meta:
        verbose_name = "办理过程"
        ordering = ["id"]
        indexes = [
            models.Index(fields=["matter", "id", "from_state", "stayed"], name="event_of_matter"),
            models.Index(fields=["transition", "at"], name="event_by_transition"),
            models.Index(fields=["person", "transition", "matter"], name="event_of_person"),
            models.Index(fields=["from_state", "stayed"], name="event_by_stay"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.label}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("events are append-only: record a further event instead")
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("events are append-only and cannot be deleted")


class Evidence(models.Model):
    """A file that proves something (证据). Stored under its hash, given out only to who may see the matter."""

    matter = models.ForeignKey(Matter, on_delete=models.PROTECT, related_name="evidence")
    sha256 = models.CharField(max_length=64, db_index=True)
    name = models.CharField("原文件名", max_length=200)
    size = models.PositiveBigIntegerField("大小 字节")
    content_type = models.CharField("类型", max_length=100)
    uploaded_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField("上传时间", default=timezone.now)
    caption = models.CharField("说明", max_length=200, blank=True)
    # What the device said, beside the server's own time.
    lon = models.FloatField("经度", null=True, blank=True)
    lat = models.FloatField("纬度", null=True, blank=True)
    device_time = models.DateTimeField("拍摄时间", null=True, blank=True)
    shown_to_enterprise = models.BooleanField("企业可见", default=False)

    class Meta:
        ordering = ["id"]
        verbose_name = "证据"

    def __str__(self) -> str:
        return self.name


class Clock(models.Model):
    """A deadline of a matter, started by an event and counted by its rule (时限)."""

    matter = models.ForeignKey(
        Matter, on_delete=models.PROTECT, related_name="clocks", db_index=False
    )
    name = models.CharField(max_length=40)
    label = models.CharField("时限", max_length=60)
    cycle = models.PositiveSmallIntegerField(default=0)
    started_at = models.DateTimeField("起算")
    length = models.PositiveIntegerField("长度", default=0)
    unit = models.CharField("单位", max_length=20)
    due = models.DateTimeField("到期", null=True, blank=True, db_index=True)
    # Before any extension, for limits that are a date.
    original_due = models.DateTimeField("原定到期", null=True, blank=True)
    provisional = models.BooleanField("暂定", default=False)
    provisional_reason = models.CharField(max_length=200, blank=True)
    # Pairs of ISO times [from, to]; ``to`` is null while the suspension lasts.
    suspensions = JSONInOrder("中止", default=list)
    stopped_at = models.DateTimeField("停止", null=True, blank=True)
    reminded_at = models.DateTimeField("已提醒", null=True, blank=True)
    overdue_noticed_at = models.DateTimeField("已告知超期", null=True, blank=True)
    escalated_at = models.DateTimeField("已升级", null=True, blank=True)
    basis = models.CharField("依据", max_length=200, blank=True)
    basis_version = models.CharField("依据版本", max_length=60, blank=True)

    matter_id: int

    class Meta:
        verbose_name = "时限"
        ordering = ["id"]
        indexes = [
            models.Index(fields=["matter", "name", "due", "stopped_at"], name="clock_of_matter")
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def running(self) -> bool:
        return self.stopped_at is None

    @property
    def suspended(self) -> bool:
        return bool(self.suspensions) and self.suspensions[-1][1] is None

    @property
    def on_time(self) -> bool | None:
        """Whether it was stopped in time; ``None`` while it runs or when it has no due time."""
        if self.stopped_at is None or self.due is None:
            return None
        return self.stopped_at <= self.due


class Extension(models.Model):
    """A request to lengthen a clock, and what an approver said to it (延期)."""

    clock = models.ForeignKey(Clock, on_delete=models.CASCADE, related_name="extensions")
    length = models.PositiveIntegerField("延长")
    reason = models.CharField("理由", max_length=300)
    asked_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField("申请时间", default=timezone.now)
    decided_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField("审批时间", null=True, blank=True)
    approved = models.BooleanField("同意", null=True)

    class Meta:
        verbose_name = "延期申请"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.clock} +{self.length}"


class Link(models.Model):
    """That one matter has to do with another, of whichever register."""

    class Kind(models.TextChoices):
        BEGETS = "begets", "引出"
        DUPLICATE_OF = "duplicate_of", "重复于"
        RELATED = "related", "相关"

    from_matter = models.ForeignKey(
        Matter, on_delete=models.PROTECT, related_name="links", db_index=False
    )
    to_matter = models.ForeignKey(Matter, on_delete=models.PROTECT, related_name="linked_from")
    kind = models.CharField("关系", max_length=20, choices=Kind.choices)
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    from_matter_id: int
    to_matter_id: int

    class Meta:
        verbose_name = "关联事项"
        unique_together = [("from_matter", "to_matter", "kind")]

    def __str__(self) -> str:
        return f"{self.from_matter_id} {self.kind} {self.to_matter_id}"


class Notice(models.Model):
    """A message inside the system, for one person. Outside channels carry a pointer to it, never its text."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="notices")
    text = models.CharField("内容", max_length=400)
    urgency = models.CharField("级别", max_length=10, choices=Urgency.choices, default=Urgency.INFO)
    matter = models.ForeignKey(
        Matter, null=True, blank=True, on_delete=models.CASCADE, related_name="notices"
    )
    # A path of this site, for notices that are not about a matter.
    link = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField("时间", default=timezone.now)
    read_at = models.DateTimeField("已读", null=True, blank=True)
    # One of those of which a person gets so many a day, and whether it was beyond them: then it goes into a digest.
    bounded = models.BooleanField("计入每日上限", default=False)
    in_digest = models.BooleanField("归入汇总", default=False)
    digest = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="gathered"
    )

    class Meta:
        verbose_name = "消息"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["person", "read_at"], name="notice_unread"),
            models.Index(fields=["in_digest", "digest"], name="notice_to_gather"),
        ]

    def __str__(self) -> str:
        return self.text


class NumberSeries(models.Model):
    """The last number given in one series of one year (编号)."""

    series = models.CharField(max_length=40)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "编号序列"
        unique_together = [("series", "year")]

    def __str__(self) -> str:
        return f"{self.series} {self.year}: {self.last}"


class BatchEdit(models.Model):
    """One edit of many matters at once, with what they were before, so that it can be undone."""

    register = models.CharField(max_length=40)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("时间", default=timezone.now)
    changes = JSONInOrder("改为", default=dict)
    # Matter id (as text) -> {field: value before}.
    before = JSONInOrder("原值", default=dict)
    undone_at = models.DateTimeField("撤销时间", null=True, blank=True)
    undone_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "批量修改"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.register} ×{len(self.before)}"
