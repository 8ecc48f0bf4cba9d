"""笔录 (mechanism E15): site records, interviews and maps of the site, written on the spot, signed on the screen, then never changed.

A record belongs to a visit or a case. Signing closes it: its text, officers, times and the signature's file are
hashed together, and the hash stands on the matter's chain of events. Who refuses to sign is noted with the reason.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.matters import actions
from ecoledger.matters.actions import Refused, Upload
from ecoledger.matters.models import Evidence, Matter
from ecoledger.registers.enforcement.officers import Officer

REGISTERS = ("inspection", "penalty_case")


class FieldRecord(models.Model):
    """One record made on the spot."""

    class Kind(models.TextChoices):
        SITE = "site", "现场检查（勘察）笔录"
        INTERVIEW = "interview", "调查询问笔录"
        MAP = "map", "现场勘察平面图"

    class Relation(models.TextChoices):
        STAFF = "staff", "违法嫌疑单位的工作人员"
        VICTIM = "victim", "污染受害人"
        WITNESS = "witness", "证人"
        OTHER = "other", "其他"

    matter = models.ForeignKey(Matter, on_delete=models.PROTECT, related_name="field_records")
    kind = models.CharField("种类", max_length=10, choices=Kind.choices)
    started_at = models.DateTimeField("开始时间")
    ended_at = models.DateTimeField("结束时间")
    place = models.CharField("地点", max_length=200)
    name = models.CharField("当事人（被询问人）", max_length=60)
    identity = models.CharField("身份证件号码", max_length=40, blank=True)
    post = models.CharField("工作单位和职务", max_length=120, blank=True)
    phone = models.CharField("电话", max_length=40, blank=True)
    relation = models.CharField(
        "与本案关系", max_length=8, choices=Relation.choices, default=Relation.STAFF
    )
    first = models.ForeignKey(
        Officer, verbose_name="检查（询问）人", on_delete=models.PROTECT, related_name="+"
    )
    second = models.ForeignKey(
        Officer, verbose_name="记录人", on_delete=models.PROTECT, related_name="+"
    )
    told = models.BooleanField("已出示证件，告知权利义务和回避权利", default=False)
    text = models.TextField("内容")
    # A map of the site: which way is up, and the drawing.
    orientation = models.CharField("方位", max_length=40, blank=True)
    drawing = models.ForeignKey(
        Evidence, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    made_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField("填写时间", default=timezone.now)
    # What makes it final.
    refused = models.CharField("拒签说明", max_length=200, blank=True)
    signature = models.ForeignKey(
        Evidence, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    signed_at = models.DateTimeField("签名时间", null=True, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    # Made by a phone before it was sent: a second arrival is the same record.
    client_id = models.UUIDField(null=True, blank=True, unique=True, editable=False)

    class Meta:
        ordering = ["started_at", "id"]
        verbose_name = "笔录"

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.name}"

    @property
    def final(self) -> bool:
        return self.signed_at is not None

    def digest(self) -> str:
        """The hash of everything that was signed, the signature's file included."""
        said = {
            "matter": self.matter_id,
            "kind": self.kind,
            "time": [self.started_at.isoformat(), self.ended_at.isoformat()],
            "place": self.place,
            "person": [self.name, self.identity, self.post, self.phone, self.relation],
            "officers": [self.first.certificate_no, self.second.certificate_no],
            "text": self.text,
            "refused": self.refused,
            "signature": self.signature.sha256 if self.signature else "",
        }
        if self.drawing is not None:
            said |= {"orientation": self.orientation, "drawing": self.drawing.sha256}
        return hashlib.sha256(
            json.dumps(said, ensure_ascii=False, sort_keys=True).encode()
        ).hexdigest()

    @property
    def intact(self) -> bool:
        """Whether it still is what was signed."""
        return not self.final or self.sha256 == self.digest()


def write(
    matter: Matter,
    values: dict[str, Any],
    *,
    by: Person,
    client_id: Any = None,
    drawing: Upload | None = None,
    at: datetime | None = None,
) -> FieldRecord:
    """Begin a record. Raises :class:`Refused` when it cannot be one: officers, times, place, rights not told, no map."""
    at = at or timezone.now()
    if client_id and (sent := FieldRecord.objects.filter(client_id=client_id).first()):
        return sent
    if matter.register not in REGISTERS:
        raise Refused("state", _("这本台账没有笔录。"))
    first, second = values["first"], values["second"]
    wrong: dict[str, list[str]] = {}
    if first.pk == second.pk:
        wrong["second"] = [_("须为另一名执法人员")]
    day = timezone.localtime(values["started_at"]).date()
    for name in ("first", "second"):
        if not values[name].certified_on(day):
            wrong[name] = [_("执法证当日不在有效期内")]
    if values["ended_at"] <= values["started_at"]:
        wrong["ended_at"] = [_("应在开始之后")]
    if not values.get("told"):
        wrong["told"] = [_("须先告知")]
    for name in ("place", "name", "text"):
        if not str(values.get(name, "")).strip():
            wrong[name] = [_("请填写")]
    is_map = values.get("kind") == FieldRecord.Kind.MAP
    if is_map and drawing is None:
        wrong["drawing"] = [_("请画图，或附图片")]
    if is_map and not values.get("orientation"):
        wrong["orientation"] = [_("请填写方位")]
    if wrong:
        raise Refused("form", _("笔录没有填对。"), _("请按各项提示修改。"), wrong)
    with transaction.atomic():
        record = FieldRecord.objects.create(
            matter_id=matter.pk, made_by=by, made_at=at, client_id=client_id, **values
        )
        if drawing is not None:
            (record.drawing,) = actions.attach(
                matter.pk, [drawing], by=by, text=str(record), at=at, of_record=True
            )
            record.save(update_fields=["drawing"])
        actions.note(matter.pk, _("制作%s。") % record, by=by, at=at)
    return record


@transaction.atomic
def sign(
    record: FieldRecord,
    *,
    by: Person,
    signature: Upload | None = None,
    refused: str = "",
    at: datetime | None = None,
) -> FieldRecord:
    """Close the record by a signature drawn on the screen, or by why it was refused."""
    at = at or timezone.now()
    row = FieldRecord.objects.select_for_update().get(pk=record.pk)
    if row.final:
        raise Refused("state", _("笔录已签名，不能再改。"))
    if signature is None and not refused.strip():
        raise Refused("form", _("还没有签名。"), _("请当事人签名，或写明拒签情况。"))
    if signature is not None:
        (row.signature,) = actions.attach(
            row.matter_id, [signature], by=by, text=_("%s签名") % row.name, at=at, of_record=True
        )
    row.refused, row.signed_at = refused.strip()[:200], at
    row.sha256 = row.digest()
    row.save()
    said = _("%(record)s签毕，校验值 %(hash)s") % {"record": row, "hash": row.sha256}
    actions.note(row.matter_id, said, by=by, at=at)
    return row
