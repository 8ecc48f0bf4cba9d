"""The forms of the registry: enterprises, outlets, stations, points and what a point reports."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ecoledger.accounts.models import Person
from ecoledger.entities.models import Enterprise, Entity, Outlet, Station
from ecoledger.monitoring.models import Limit, Point, PointParameter
from ecoledger.monitoring.points import enrolling, limits, parameters
from ecoledger.standards import identifiers
from ecoledger.standards.rounding import plainly
from ecoledger.web import scoped
from ecoledger.web.listings.meanwhile import FIELD, HeldForm


def dress(form: forms.BaseForm) -> None:
    """Give the fields the classes of the page's style, and choices the reader's language."""
    for field in form.fields.values():
        if isinstance(field, forms.BooleanField):
            continue
        if isinstance(field, forms.DateField):
            field.widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
        select = isinstance(field.widget, forms.Select)
        field.widget.attrs["class"] = "form-select" if select else "form-control"
        if isinstance(field, forms.TypedChoiceField):
            field.choices = [
                (value, _(str(label)) if value else "—")
                for value, label in cast("Iterable[tuple[str, str]]", field.choices)
            ]


def refuse(form: forms.BaseForm, error: ValidationError) -> None:
    """Put a refusal beside the fields it names, and its questions with their answers to choose from."""
    for name, question in getattr(error, "questions", {}).items():
        form.fields[name] = forms.ChoiceField(
            label=question.text, choices=question.choices, widget=forms.RadioSelect
        )
    for name, texts in error.message_dict.items():
        form.add_error(name if name in form.fields else None, texts)


class PointForm(HeldForm):
    """A point: where it stands and how its device calls itself."""

    trail = ("point changed",)

    # Longer than stored: a copied MN brings blanks.
    mn = forms.CharField(
        label=gettext_lazy("设备唯一标识 MN"),
        required=False,
        max_length=40,
        help_text=gettext_lazy("24 位（2005 版 14 位）；靠导入数据的监测点留空。"),
    )
    clear_key = forms.BooleanField(
        label=gettext_lazy("清除 SM4 密钥（设备不再加密）"), required=False
    )
    reason = forms.CharField(
        label=gettext_lazy("停用原因"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("停用时必填；通知本辖区的监测人员和局领导。"),
    )
    more = forms.CharField(
        label=gettext_lazy("另加因子编码"),
        required=False,
        help_text=gettext_lazy("目录以外的 HJ 212 因子编码，用逗号分开；保存后可改单位和限值。"),
    )

    class Meta:
        model = Point
        fields = [
            "entity", "name", "mn", "password", "sm4_key", "clear_key", "power_role", "line",
            "enabled", "reason", "more",
        ]  # fmt: skip
        labels = {
            "entity": gettext_lazy("所在对象"),
            "name": gettext_lazy("名称"),
            "password": gettext_lazy("访问密码"),
            "sm4_key": gettext_lazy("SM4 密钥"),
            "power_role": gettext_lazy("用电设施类别"),
            "line": gettext_lazy("生产线"),
            "enabled": gettext_lazy("启用"),
        }
        help_texts = {
            "entity": "",
            "name": gettext_lazy("留空则与所在对象同名。"),
            "enabled": gettext_lazy(
                "停用后设备的报文不再入库、不再预警，当日起不计入评价；历史数据保留。"
            ),
            "line": gettext_lazy("同一企业同一生产线的产污、治污电表放在一起判断。"),
        }

    def __init__(self, person: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind, new = self.instance.kind, self.instance.pk is None
        entities = scoped.registry(person, Entity.objects.filter(standing(kind)))
        entity = cast("forms.ModelChoiceField[Entity]", self.fields["entity"])
        entity.empty_label = _("请选择")
        found = (entities | Entity.objects.filter(pk=self.instance.entity_id)).distinct()
        entity.queryset = found.select_related("parent").order_by("code")
        entity.required = True
        entity.label_from_instance = _named  # type: ignore[assignment,method-assign]
        self.fields["name"].required = False
        if kind != Point.Kind.POWER:
            del self.fields["power_role"], self.fields["line"]
        if new:
            del self.fields["clear_key"], self.fields["reason"]
            self.fields["sm4_key"].help_text = _("2025 版加密设备填写；16 个字符或 32 位十六进制。")
        else:
            # Secrets are written, never shown again.
            self.initial["password"] = self.initial["sm4_key"] = ""
            self.fields["password"].help_text = _("留空则不改；最多 6 位。")
            self.fields["sm4_key"].help_text = _("留空则不改。")
        dress(self)

    def validate_unique(self) -> None:
        """Left to ``registering.save``, which says whose the MN is."""

    def clean_mn(self) -> str | None:
        # A MN that fits the column is checked where it is registered, beside what has been heard.
        text = self.cleaned_data["mn"].strip()
        if len(text) > 24:
            text = identifiers.parse_mn(text).code
        if len(text) > 24:
            raise ValidationError(_("MN应为24位（2005版14位），现为%(n)d位") % {"n": len(text)})
        return text or None

    def clean_password(self) -> str:
        return str(self.cleaned_data["password"] or self.instance.password)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.instance.pk is not None and not data.get("sm4_key"):
            data["sm4_key"] = "" if data.get("clear_key") else self.instance.sm4_key
        if not data.get("name") and data.get("entity"):
            data["name"] = data["entity"].name
        return data

    def clean_more(self) -> list[str]:
        codes = re.split(r"[,，、;；\s]+", self.cleaned_data["more"])
        wrong = [code for code in codes if code and not parameters.known(code, self.instance.kind)]
        if wrong:
            raise ValidationError(_("没有因子编码“%(code)s”") % {"code": _("、").join(wrong)})
        return [code for code in codes if code]


def standing(kind: str) -> Q:
    """Condition on the entities that a point of ``kind`` can stand at (``registering.fits``)."""
    match kind:
        case Point.Kind.FLUE_GAS:
            return Q(as_outlet__medium=Outlet.Medium.GAS)
        case Point.Kind.WASTEWATER:
            return Q(as_outlet__medium=Outlet.Medium.WATER)
        case Point.Kind.POWER:
            return Q(kind__in=(Enterprise.KIND, Outlet.KIND))
        case Point.Kind.NOISE:
            return Q(kind=Enterprise.KIND) | Q(as_station__medium=kind)
        case Point.Kind.WEATHER:
            return Q(kind=Station.KIND)
        case Point.Kind.SITE:
            return Q(kind__in=enrolling.SITES)
    return Q(as_station__medium=kind)


def _named(entity: Entity) -> str:
    name = f"{entity.parent.name} {entity.name}" if entity.parent else entity.name
    return f"{name}{_('（%s）') % entity.code}"


class _Number(forms.DecimalField):
    """A number as people write it, without noughts behind."""

    def prepare_value(self, value: Any) -> Any:
        return plainly(value) if isinstance(value, Decimal) else value


class ParameterForm(HeldForm):
    """One parameter of a point; taken when ``used`` is ticked."""

    # The trail keeps the parameters of a point as one thing: it cannot say who changed this one.
    trail = ()

    used = forms.BooleanField(required=False)
    limit = _Number(label=gettext_lazy("限值"), required=False, max_digits=12, decimal_places=5)
    lower_limit = _Number(
        label=gettext_lazy("下限"), required=False, max_digits=12, decimal_places=5
    )
    limit_basis = forms.TypedChoiceField(
        label=gettext_lazy("判定依据"),
        required=False,
        choices=[("", "—"), ("hour", gettext_lazy("小时均值")), ("day", gettext_lazy("日均值"))],
    )
    limit_standard = forms.CharField(label=gettext_lazy("执行标准"), required=False, max_length=80)
    converted = forms.BooleanField(label=gettext_lazy("按折算值判定"), required=False)
    limit_since = forms.DateField(
        label=gettext_lazy("限值自"),
        required=False,
        help_text=gettext_lazy("新限值从这一天起执行，此前的限值留存；更正填错的限值请留空。"),
    )

    class Meta:
        model = PointParameter
        fields = [
            "unit", "device_unit", "decimals", "interval_seconds", "limit", "lower_limit",
            "limit_basis", "limit_standard", "converted", "limit_since", "range_from", "range_to",
            "running_above",
        ]  # fmt: skip
        labels = {
            "unit": gettext_lazy("单位"),
            "device_unit": gettext_lazy("设备上传单位"),
            "decimals": gettext_lazy("小数位"),
            "interval_seconds": gettext_lazy("上报周期（秒）"),
            "range_from": gettext_lazy("量程下限"),
            "range_to": gettext_lazy("量程上限"),
            "running_above": gettext_lazy("运行判定阈值 kW"),
        }

    def __init__(self, point: Point, held: Limit | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.point, kind = point, point.kind
        if held is not None:
            self.initial = {
                **self.initial,
                "limit": held.value,
                "lower_limit": held.lower,
                "limit_basis": held.basis,
                "limit_standard": held.standard,
                "converted": held.converted,
            }
        if kind != Point.Kind.FLUE_GAS:
            del self.fields["converted"]
        if kind != Point.Kind.POWER:
            del self.fields["running_above"]
        self.initial["used"] = self.instance.pk is not None
        dress(self)

    @property
    def row(self) -> Point:
        return self.point

    @property
    def wanted(self) -> Limit | None:
        """The limit that the form asks for; ``None`` without one."""
        said = self.cleaned_data
        if said["limit"] is None and said["lower_limit"] is None:
            return None
        return Limit(
            parameter=self.code,
            value=said["limit"],
            lower=said["lower_limit"],
            unit=said["unit"],
            basis=said["limit_basis"],
            standard=said["limit_standard"],
            converted=said.get("converted", False),
            since=said["limit_since"],
        )

    @property
    def code(self) -> str:
        return str(self.instance.code)

    @property
    def name(self) -> str:
        return str(self.instance.name)

    @property
    def open(self) -> bool:
        """Whether the parameter is taken, as sent or as stored; what two changed otherwise is asked of the second."""
        if self.is_bound:
            return self.twice or bool(self.cleaned_data.get("used"))
        return bool(self.initial["used"])


def _said(row: PointParameter, sent: Mapping[str, Any]) -> bool:
    """Whether a sent page says something of a parameter: what is not ticked is not read, and what another added while the
    page was open is left alone."""
    on_page = FIELD not in sent or f"{row.code}-{FIELD}" in sent
    return f"{row.code}-used" in sent or (row.pk is not None and on_page)


def parameter_forms(
    point: Point, sent: Mapping[str, Any] | None, heard: frozenset[str] = frozenset()
) -> list[ParameterForm]:
    """One form a parameter: those declared first, then the catalogue's for the point's kind.

    ``heard``: what the device of a new point has already sent; these are ticked and stand first.
    """
    there = list(point.parameters.all()) if point.pk else []
    known = {row.code for row in there}
    held = limits.PointLimits([point]) if point.pk else None
    rows = there + [
        enrolling.usual(parameter.code, point.kind)
        for parameter in parameters.of_kind(point.kind)
        if parameter.code not in known
    ]
    rows.sort(key=lambda row: row.pk is None and row.code not in heard)
    declared = [
        ParameterForm(
            point,
            held.at(point.pk, row.code, timezone.localdate()) if held else None,
            sent if sent is not None and _said(row, sent) else None,
            instance=row,
            prefix=row.code,
        )
        for row in rows
    ]
    for part in declared:
        if part.instance.code in heard and not point.pk:
            part.initial["used"] = True
    return declared
