"""The form of an alarm rule: which numbers each detector has, what they may be, and how they read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ecoledger.listings.parts import MOST
from ecoledger.monitoring.models import Alarm, AlarmRule, Filing
from ecoledger.monitoring.points import parameters
from ecoledger.standards.rounding import plainly
from ecoledger.web.monitoring.rule_settings import LEVELS, Setting, settings_of
from ecoledger.web.templatetags.show import listed

# -- in words ------------------------------------------------------------------------------------


def _number(value: float) -> str:
    return plainly(float(value))


# -- fields --------------------------------------------------------------------------------------


class TableField(forms.CharField):
    """A number a parameter, one a line: ``PM2.5 = 35``; parameters by symbol, name or code."""

    def __init__(self, setting: Setting, kind: str) -> None:
        self.setting, self.kind = setting, kind
        super().__init__(
            required=setting.required,
            widget=forms.Textarea(attrs={"rows": 3, "class": "form-control mono"}),
        )

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return "\n".join(
                f"{parameters.label(code, self.kind)} = {_number(number)}"
                for code, number in value.items()
            )
        return value

    def clean(self, value: Any) -> dict[str, float]:
        text = super().clean(value)
        codes = {
            name.casefold(): p.code for p in parameters.of_kind(self.kind) for name in p.spellings
        }
        result: dict[str, float] = {}
        for number, line in enumerate(unicodedata.normalize("NFKC", text).splitlines(), start=1):
            if not line.strip():
                continue
            parts = re.split(r"[=:]", line, maxsplit=1)
            if len(parts) == 1:
                parts = line.rsplit(None, 1)
            name, written = (part.strip() for part in (*parts, "")[:2])
            code = codes.get(name.casefold())
            if code is None:
                known = listed(p.label for p in parameters.of_kind(self.kind))
                raise forms.ValidationError(
                    _("第 %(line)d 行：没有因子“%(name)s”；可写 %(known)s。")
                    % {"line": number, "name": name, "known": known}
                )
            if code in result:
                raise forms.ValidationError(
                    _("第 %(line)d 行：“%(name)s”写了两次，只留一行。")
                    % {"line": number, "name": name}
                )
            result[code] = _cell(written, number, self.setting)
        return result


def _cell(written: str, line: int, setting: Setting) -> float:
    if not re.fullmatch(r"-?\d{1,12}(\.\d{1,12})?", written):
        raise forms.ValidationError(
            _("第 %(line)d 行：“%(text)s”不是数值，应写作“因子 = 数值”。")
            % {"line": line, "text": written}
        )
    value = float(written)
    if setting.least is not None and value < setting.least:
        raise forms.ValidationError(
            _("第 %(line)d 行：数值不得小于 %(least)s。")
            % {"line": line, "least": _number(setting.least)}
        )
    return value


def _field(setting: Setting, kind: str) -> forms.Field:
    shown = {"class": "form-control"}
    match setting.kind:
        case "whole":
            whole = forms.IntegerField(
                required=setting.required,
                min_value=None if setting.least is None else int(setting.least),
                max_value=None if setting.most is None else int(setting.most),
            )
            whole.widget.attrs.update(shown)
            return whole
        case "choice":
            return forms.ChoiceField(
                required=setting.required,
                choices=setting.choices,
                widget=forms.Select(attrs={"class": "form-select"}),
            )
        case "text":
            return forms.CharField(
                required=setting.required, max_length=60, widget=forms.TextInput(attrs=shown)
            )
        case "table":
            return TableField(setting, kind)
        case "filings":
            return forms.MultipleChoiceField(
                required=False,
                choices=[(v, _(str(label))) for v, label in Filing.Kind.choices],
                widget=forms.CheckboxSelectMultiple,
            )
    number = forms.FloatField(
        required=setting.required,
        min_value=-MOST if setting.least is None else setting.least,
        max_value=MOST if setting.most is None else setting.most,
    )
    number.widget.attrs.update(shown | {"step": "any"})
    return number


# -- the form ------------------------------------------------------------------------------------


class RuleForm(forms.Form):
    """An alarm rule with the numbers of its detector. What the form does not know of stays as it is."""

    name = forms.CharField(
        label=gettext_lazy("名称"),
        max_length=80,
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )
    enabled = forms.BooleanField(label=gettext_lazy("启用"), required=False)
    level = forms.ChoiceField(
        label=gettext_lazy("起始等级"), widget=forms.Select(attrs={"class": "form-select"})
    )
    parameters = forms.MultipleChoiceField(
        label=gettext_lazy("因子"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("不选则此类监测点的全部因子。"),
    )

    def __init__(self, rule: AlarmRule, data: Any = None) -> None:
        self.rule, self.asked = rule, settings_of(rule.detector)
        super().__init__(data, initial=self._present(rule))
        own = parameters.of_kind(rule.kind)
        known = {p.code for p in own}
        others = [code for code in rule.parameters if code not in known]
        self.fields["level"].choices = [  # type: ignore[attr-defined]
            (value, _(str(label))) for value, label in Alarm.Level.choices
        ]
        self.fields["parameters"].choices = [  # type: ignore[attr-defined]
            *((p.code, _(p.label)) for p in own),
            *((code, code) for code in others),
        ]
        for setting in self.asked:
            if setting.kind == "ladder":
                for level in LEVELS:
                    self._add(f"{setting.name}_{level}", setting, _(Alarm.Level(level).label))
            else:
                self._add(setting.name, setting, str(setting.label))

    def _add(self, name: str, setting: Setting, label: str) -> None:
        field = _field(setting, self.rule.kind)
        field.label, field.help_text = label, str(setting.help)
        self.fields[f"set_{name}"] = field

    def _present(self, rule: AlarmRule) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "name": rule.name,
            "enabled": rule.enabled,
            "level": rule.level,
            "parameters": rule.parameters,
        }
        for setting in self.asked:
            value = rule.settings.get(setting.name)
            if setting.kind == "ladder":
                for number, level in value or []:
                    shown[f"set_{setting.name}_{level}"] = _number(number)
            elif setting.kind == "filings":
                shown[f"set_{setting.name}"] = Filing.Kind.values if value is None else value
            else:
                shown[f"set_{setting.name}"] = value
        return shown

    def groups(self) -> Iterator[tuple[Setting, list[forms.BoundField]]]:
        """The numbers as the page draws them: a setting, and its field or its four levels."""
        for setting in self.asked:
            names = (
                [f"{setting.name}_{level}" for level in LEVELS]
                if setting.kind == "ladder"
                else [setting.name]
            )
            yield setting, [self[f"set_{name}"] for name in names]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for setting in self.asked:
            if setting.kind == "ladder":
                steps = self._steps(setting)
                if any(a[0] >= b[0] for a, b in pairwise(steps)):
                    self.add_error(
                        f"set_{setting.name}_{steps[-1][1]}",
                        _("等级越高，数值应越大：请由蓝到红递增填写。"),
                    )
        hours, needed = data.get("set_hours"), data.get("set_needed")
        if self.rule.detector == AlarmRule.Detector.SUDDEN and hours and needed and needed > hours:
            self.add_error("set_needed", _("不能多于相比的小时数。"))
        return data

    def _steps(self, setting: Setting) -> list[list[Any]]:
        given = [(self.cleaned_data.get(f"set_{setting.name}_{n}"), n) for n in LEVELS]
        return [[value, level] for value, level in given if value is not None]

    def changes(self) -> dict[str, Any]:
        """What differs from the rule as it stands, by the names ``monitoring.alarming.alarms.edit_rule`` takes."""
        data = self.cleaned_data
        settings = dict(self.rule.settings)
        for setting in self.asked:
            value: Any = data.get(f"set_{setting.name}")
            if setting.kind == "ladder":
                value = self._steps(setting)
            if setting.kind == "filings":
                if set(value) == set(Filing.Kind.values):
                    settings.pop(setting.name, None)
                else:
                    settings[setting.name] = value
            elif value in (None, "", [], {}):
                settings.pop(setting.name, None)
            else:
                settings[setting.name] = value
        given = {
            "name": data["name"].strip(),
            "enabled": data["enabled"],
            "level": data["level"],
            "parameters": self._ordered(data["parameters"]),
            "settings": settings,
        }
        before = {name: getattr(self.rule, name) for name in given}
        before["parameters"] = self._ordered(self.rule.parameters)
        return {name: value for name, value in given.items() if value != before[name]}

    def _ordered(self, codes: list[str]) -> list[str]:
        """In the order of the form: another order of the same parameters is no change."""
        order = [code for code, _label in self.fields["parameters"].choices]  # type: ignore[attr-defined]
        return sorted(codes, key=order.index)
