"""Rows of the books: editions and their lines, log entries, holdings and their postings."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.json_in_order import JSONInOrder
from ecoledger.accounts.models import Organisation, Person
from ecoledger.entities.models import Entity
from ecoledger.listings.catalogue import listing_of
from ecoledger.listings.happened import WHY, lies_ahead
from ecoledger.matters.models import AppendOnly, Matter

# ---- log 记录台账 -----------------------------------------------------------------------------------


def has_happened(at: datetime) -> None:
    """What is recorded is a fact."""
    if lies_ahead(at, timezone.now()):
        raise ValidationError(_(WHY))


class LogEntry(models.Model):
    """A dated fact about a thing, by someone. A log's own model extends it.

    A correction is another entry that ``corrects`` the first; the first stays and is no longer current.
    """

    book = models.CharField(max_length=40, db_index=True, editable=False)
    entity = models.ForeignKey(
        Entity, verbose_name="对象", on_delete=models.PROTECT, related_name="log_entries"
    )
    # Of the thing at that time: what an entry is found and seen by.
    area_code = models.CharField("属地", max_length=12, db_index=True)
    at = models.DateTimeField(
        "时间", default=timezone.now, db_index=True, validators=[has_happened]
    )
    by = models.ForeignKey(
        Person, verbose_name="记录人", on_delete=models.PROTECT, related_name="+", null=True
    )
    recorded_at = models.DateTimeField("登记时间", default=timezone.now)
    note = models.TextField("记录", blank=True)
    lon = models.FloatField("经度", null=True, blank=True)
    lat = models.FloatField("纬度", null=True, blank=True)
    corrects = models.OneToOneField(
        "self",
        verbose_name="更正",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="corrected_by",
    )
    reason = models.CharField("更正原因", max_length=200, blank=True)
    current = models.BooleanField("有效", default=True, db_index=True, editable=False)
    # What came of it: a problem, a case.
    begets = models.ForeignKey(
        Matter,
        verbose_name="引出事项",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="log_entries",
    )
    # Made by a phone before it was sent: a second arrival is the same entry.
    client_id = models.UUIDField(null=True, blank=True, unique=True, editable=False)
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        verbose_name = "台账记录"
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["book", "-at"], name="log_of_book"),
            models.Index(fields=["entity", "-at"], name="log_of_entity"),
        ]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.at):%Y-%m-%d %H:%M} {self.entity}"


# ---- roster 名录 ------------------------------------------------------------------------------------


class Edition(models.Model):
    """One edition of a roster: drafted, published from a day on, at last frozen."""

    class State(models.TextChoices):
        DRAFT = "draft", "拟"
        PUBLISHED = "published", "公布"
        FROZEN = "frozen", "冻结"

    book = models.CharField(max_length=40, editable=False)
    name = models.CharField("版本", max_length=60)
    area_code = models.CharField("属地", max_length=12, db_index=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DRAFT)
    since = models.DateField("生效日", null=True, blank=True)
    # The last day on which it held; empty while no later edition has been published.
    until = models.DateField("失效日", null=True, blank=True)
    basis = models.CharField("依据", max_length=200, blank=True)
    copied_from = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="copies"
    )
    made_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("编制时间", default=timezone.now)
    published_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField("公布时间", null=True, blank=True)
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        verbose_name = "名录版本"
        ordering = ["book", models.F("since").desc(nulls_last=True), "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["book", "area_code", "name"], name="one_edition_of_a_name"
            )
        ]

    def __str__(self) -> str:
        return self.name


class RosterLine(models.Model):
    """That a thing is on the list in an edition. A roster's own model extends it with its attributes."""

    edition = models.ForeignKey(
        Edition, verbose_name="版本", on_delete=models.PROTECT, related_name="lines"
    )
    # What is on the list: a thing or, on lists of duties, an organisation.
    entity = models.ForeignKey(
        Entity,
        verbose_name="对象",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="roster_lines",
    )
    organisation = models.ForeignKey(
        Organisation,
        verbose_name="单位",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="roster_lines",
    )
    area_code = models.CharField("属地", max_length=12, db_index=True)
    # Which part of the thing the line is about, such as a production line; empty for the whole of it.
    part = models.CharField("部位", max_length=80, blank=True)
    # Whose list the line is taken from, where a roster joins several; empty where it has only its own.
    source = models.CharField("清单层级", max_length=10, blank=True, db_index=True)
    reason = models.CharField("列入理由", max_length=200, blank=True)

    class Meta:
        verbose_name = "名录对象"
        ordering = ["edition_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "entity", "part", "source"], name="once_in_an_edition"
            ),
            models.CheckConstraint(
                condition=Q(entity__isnull=False) | Q(organisation__isnull=False),
                name="somebody_is_on_the_list",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.edition}"

    @property
    def subject(self) -> Entity | Organisation | None:
        """What is on the list."""
        return self.entity or self.organisation


# ---- account 账 ------------------------------------------------------------------------------------


class Holding(models.Model):
    """How much of one item one holder has. Outside holdings are where quantities come from and go to."""

    book = models.CharField(max_length=40, editable=False)
    # Who holds it: a thing (enterprise, store, centre) or, without one, a division's pool or the outside.
    entity = models.ForeignKey(
        Entity,
        verbose_name="持有者",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="holdings",
    )
    name = models.CharField("名称", max_length=80, blank=True)
    area_code = models.CharField("属地", max_length=12, db_index=True)
    item = models.CharField("项目", max_length=40)
    outside = models.BooleanField("账外", default=False)
    # The sum of its entries, kept with them in one transaction; the database refuses less than nothing.
    balance = models.DecimalField("余额", max_digits=20, decimal_places=6, default=0)
    overdraft = models.BooleanField("可透支", default=False)

    class Meta:
        verbose_name = "持有量"
        ordering = ["book", "item", "area_code", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["book", "item", "area_code", "name"],
                condition=Q(entity=None),
                name="one_pool_of_a_name",
            ),
            models.UniqueConstraint(
                fields=["book", "item", "entity"],
                condition=Q(entity__isnull=False),
                name="one_holding_of_a_holder",
            ),
            models.CheckConstraint(
                condition=Q(balance__gte=0) | Q(outside=True) | Q(overdraft=True),
                name="never_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.entity.name if self.entity else self.name


class PostingNumbers(models.Model):
    """The last voucher number of a book; its row is locked while a posting is written."""

    book = models.CharField(max_length=40, unique=True)
    last = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = "凭证号序列"

    def __str__(self) -> str:
        return f"{self.book} {self.last}"


class Posting(models.Model):
    """One event in an account: what moved, on which day, against which voucher. Its entries sum to zero."""

    book = models.CharField(max_length=40, db_index=True, editable=False)
    number = models.PositiveBigIntegerField("凭证号")
    kind = models.CharField("类别", max_length=40)
    on = models.DateField("记账日")
    text = models.CharField("摘要", max_length=200)
    voucher = models.ForeignKey(
        Matter,
        verbose_name="凭据",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="postings",
    )
    # Where the voucher is no matter of this house: the number of a paper.
    voucher_no = models.CharField("凭据文号", max_length=80, blank=True)
    reverses = models.OneToOneField(
        "self",
        verbose_name="冲正",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reversed_by",
    )
    by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField("过账时间", default=timezone.now)
    details = JSONInOrder(default=dict, encoder=DjangoJSONEncoder)
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    objects = AppendOnly.as_manager()

    class Meta:
        verbose_name = "记账凭证"
        ordering = ["-on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["book", "number"], name="one_voucher_number")
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.text}"

    # What the list says of it, read from its entries (fetched for all rows at once).

    def _holdings(self, sign: int) -> list[Entry]:
        return [entry for entry in self.entries.all() if entry.quantity * sign > 0]

    @property
    def _items(self) -> list[Any]:
        account: Any = listing_of(self.book)
        keys = dict.fromkeys(entry.holding.item for entry in self._holdings(1))
        return [account.item(key) for key in keys]

    @property
    def what(self) -> str:
        """What moved: a pollutant, a waste with its code."""
        return _("、").join(_(item.label) for item in self._items)

    @property
    def unit(self) -> str:
        return _("、").join(dict.fromkeys(item.unit for item in self._items))

    @property
    def giver(self) -> str:
        """Where it came from."""
        return _("、").join(dict.fromkeys(str(e.holding) for e in self._holdings(-1)))

    @property
    def taker(self) -> str:
        """Where it went."""
        return _("、").join(dict.fromkeys(str(e.holding) for e in self._holdings(1)))

    @property
    def quantity(self) -> Decimal | None:
        """How much moved, of one thing; nothing where several things did."""
        items = self._items
        if len(items) != 1:
            return None
        moved = sum((e.quantity for e in self._holdings(1)), Decimal(0))
        digits: int = items[0].decimals
        return round(moved, digits)


class Entry(models.Model):
    """What one holding gains (positive) or gives (negative) by a posting."""

    posting = models.ForeignKey(Posting, on_delete=models.PROTECT, related_name="entries")
    holding = models.ForeignKey(Holding, on_delete=models.PROTECT, related_name="entries")
    on = models.DateField("记账日")
    quantity = models.DecimalField("数量", max_digits=20, decimal_places=6)

    objects = AppendOnly.as_manager()

    class Meta:
        verbose_name = "分录"
        ordering = ["on", "id"]
        indexes = [models.Index(fields=["holding", "on"], name="entry_of_holding")]
        constraints = [models.CheckConstraint(condition=~Q(quantity=0), name="moves_something")]

    def __str__(self) -> str:
        return f"{self.holding} {self.quantity}"


# ---- duty 定期义务 ----------------------------------------------------------------------------------


class Obligation(models.Model):
    """What is owed about one thing in one term of a duty: by when, and whether it was done."""

    class State(models.TextChoices):
        DUE = "due", "未履行"
        DONE = "done", "已履行"
        WAIVED = "waived", "免除"

    book = models.CharField(max_length=40, editable=False)
    entity = models.ForeignKey(
        Entity, verbose_name="对象", on_delete=models.PROTECT, related_name="obligations"
    )
    area_code = models.CharField("属地", max_length=12, db_index=True)
    # The term it is for: a month, a quarter, the life of a licence. First and last day.
    begin = models.DateField("期初")
    end = models.DateField("期末")
    due = models.DateField("期限", db_index=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DUE)
    done_on = models.DateField("履行日期", null=True, blank=True)
    done_by = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    note = models.CharField("说明", max_length=300, blank=True)
    # What fulfils it, where it is kept in this house.
    entry = models.ForeignKey(
        LogEntry, on_delete=models.PROTECT, null=True, blank=True, related_name="obligations"
    )
    matter = models.ForeignKey(
        Matter, on_delete=models.PROTECT, null=True, blank=True, related_name="obligations"
    )
    reminded_at = models.DateTimeField("已提醒", null=True, blank=True, editable=False)
    overdue_told_at = models.DateTimeField("已告知超期", null=True, blank=True, editable=False)
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        verbose_name = "到期义务"
        ordering = ["due", "id"]
        indexes = [models.Index(fields=["book", "state", "due"], name="obligation_by_due")]
        constraints = [
            models.UniqueConstraint(fields=["book", "entity", "begin"], name="owed_once_a_term")
        ]

    def __str__(self) -> str:
        return f"{self.entity} {self.due:%Y-%m-%d}"

    @property
    def overdue(self) -> bool:
        return self.state == self.State.DUE and self.due < timezone.localdate()

    @property
    def late(self) -> bool:
        """Whether it was done, but after its day."""
        return bool(self.done_on and self.done_on > self.due)


# ---- campaign 专项行动 ------------------------------------------------------------------------------


class Checklist(models.Model):
    """The questions of a check, as staff keep them in a spreadsheet; a change is another version."""

    name = models.CharField("名称", max_length=80)
    version = models.PositiveIntegerField("版本", default=1)
    # As :mod:`.checklists` reads them: [{"name", "type", "label", "required", …}].
    questions = JSONInOrder("条目", default=list)
    file_name = models.CharField("文件名", max_length=200, blank=True)
    made_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("时间", default=timezone.now)

    class Meta:
        verbose_name = "检查表"
        ordering = ["name", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="one_checklist_version")
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class Drive(models.Model):
    """One campaign that is run: its period, its objects, its checklist and what came of it."""

    class State(models.TextChoices):
        DRAFT = "draft", "拟定"
        RUNNING = "running", "进行中"
        ENDED = "ended", "已结束"

    book = models.CharField(max_length=40, db_index=True, editable=False)
    name = models.CharField("名称", max_length=80)
    area_code = models.CharField("属地", max_length=12, db_index=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DRAFT)
    begin = models.DateField("开始")
    end = models.DateField("结束")
    checklist = models.ForeignKey(
        Checklist, verbose_name="检查表", on_delete=models.PROTECT, null=True, blank=True
    )
    basis = models.CharField("依据", max_length=200, blank=True)
    # How its objects were found: {"way": "query"|"import"|"draw", "seed": …, "of": count, …}.
    selection = JSONInOrder("对象来源", default=dict)
    # From one problem: 举一反三.
    cause = models.ForeignKey(
        Matter, on_delete=models.PROTECT, null=True, blank=True, related_name="drives"
    )
    made_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("制定时间", default=timezone.now)
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        verbose_name = "专项行动"
        ordering = ["-begin", "-id"]

    def __str__(self) -> str:
        return self.name


class DriveTask(models.Model):
    """One object of a campaign: who goes there, whether they went, what they answered and found."""

    class State(models.TextChoices):
        TODO = "todo", "未查"
        DONE = "done", "已查"
        LEFT_OUT = "left_out", "不再安排"

    drive = models.ForeignKey(
        Drive, verbose_name="专项行动", on_delete=models.PROTECT, related_name="tasks"
    )
    entity = models.ForeignKey(
        Entity, verbose_name="对象", on_delete=models.PROTECT, related_name="drive_tasks"
    )
    area_code = models.CharField("属地", max_length=12, db_index=True)
    team = models.CharField("检查组", max_length=60, blank=True)
    assignee = models.ForeignKey(
        Person,
        verbose_name="检查人",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="drive_tasks",
    )
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.TODO)
    done_at = models.DateTimeField("检查时间", null=True, blank=True)
    done_by = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    answers = JSONInOrder("检查内容", default=dict, encoder=DjangoJSONEncoder)
    note = models.TextField("说明", blank=True)
    reason = models.CharField("不再安排的理由", max_length=200, blank=True)
    findings = models.ManyToManyField(Matter, related_name="found_in", blank=True)
    client_id = models.UUIDField(null=True, blank=True, unique=True, editable=False)

    class Meta:
        verbose_name = "行动对象"
        ordering = ["drive_id", "area_code", "id"]
        indexes = [models.Index(fields=["drive", "state"], name="task_of_drive")]
        constraints = [models.UniqueConstraint(fields=["drive", "entity"], name="once_in_a_drive")]

    def __str__(self) -> str:
        return f"{self.drive} {self.entity}"


# ---- score sheet 评分 -------------------------------------------------------------------------------


class ScoreRound(models.Model):
    """One round of a score sheet: a period, the items as they were then, and everybody scored by them."""

    class State(models.TextChoices):
        DRAFT = "draft", "评分中"
        PUBLISHED = "published", "已公示"
        LOCKED = "locked", "已锁定"

    book = models.CharField(max_length=40, db_index=True, editable=False)
    name = models.CharField("名称", max_length=80)
    area_code = models.CharField("属地", max_length=12, db_index=True)
    begin = models.DateField("期初")
    end = models.DateField("期末")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DRAFT)
    # The items and grades it is scored by: a later change of the sheet does not reach it.
    items = JSONInOrder(default=list, encoder=DjangoJSONEncoder)
    grades = JSONInOrder(default=list, encoder=DjangoJSONEncoder)
    version = models.PositiveIntegerField("版次", default=1)
    published_at = models.DateTimeField("公示时间", null=True, blank=True)
    objections_until = models.DateField("异议期限", null=True, blank=True)
    made_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("建立时间", default=timezone.now)
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        verbose_name = "考核轮次"
        ordering = ["-end", "-id"]

    def __str__(self) -> str:
        return self.name


class Score(models.Model):
    """What one thing or place came to in a round."""

    round = models.ForeignKey(
        ScoreRound, verbose_name="评分", on_delete=models.PROTECT, related_name="scores"
    )
    entity = models.ForeignKey(
        Entity,
        verbose_name="对象",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="scores",
    )
    # A town or county that is scored itself; for a thing, where it stands.
    area_code = models.CharField("属地", max_length=12, db_index=True)
    total = models.DecimalField("得分", max_digits=8, decimal_places=2, null=True, blank=True)
    grade = models.CharField("等级", max_length=20, blank=True)
    # How many items lack data: such a score is shown and not ranked.
    missing = models.PositiveIntegerField("缺数据项", default=0)
    vetoed = models.CharField("否决项", max_length=80, blank=True)

    class Meta:
        verbose_name = "考核得分"
        ordering = ["round_id", models.F("total").desc(nulls_last=True), "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["round", "entity"],
                condition=Q(entity__isnull=False),
                name="one_score_a_thing",
            ),
            models.UniqueConstraint(
                fields=["round", "area_code"], condition=Q(entity=None), name="one_score_a_place"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round} {self.entity or self.area_code}"


class Mark(models.Model):
    """The marks of one item: computed from a value, or given by a person with the reason."""

    score = models.ForeignKey(Score, on_delete=models.PROTECT, related_name="marks")
    item = models.CharField("项目", max_length=40)
    value = models.CharField("数值", max_length=60, blank=True)
    # A page of this site with the records behind the value.
    records = models.CharField(max_length=300, blank=True)
    marks = models.DecimalField("得分", max_digits=8, decimal_places=2, null=True, blank=True)
    computed = models.BooleanField("自动计算", default=False)
    reason = models.CharField("扣分依据", max_length=300, blank=True)
    by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField("评分时间", default=timezone.now)
    # What became of marks that were lost: a problem to be put right.
    begets = models.ForeignKey(
        Matter,
        verbose_name="引出事项",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    class Meta:
        verbose_name = "单项得分"
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["score", "item"], name="one_mark_an_item")]

    def __str__(self) -> str:
        return f"{self.item} {self.marks}"


class Objection(models.Model):
    """That somebody does not agree with marks, and what came of it (异议)."""

    mark = models.ForeignKey(Mark, on_delete=models.PROTECT, related_name="objections")
    text = models.CharField("理由", max_length=400)
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("提出时间", default=timezone.now)
    upheld = models.BooleanField("采纳", null=True, blank=True)
    answer = models.CharField("答复", max_length=400, blank=True)
    marks_before = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    answered_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)

    class Meta:
        verbose_name = "得分异议"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text
