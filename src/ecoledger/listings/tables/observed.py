"""What the columns of tables of measurements are called, and how they say which values are good: by a flag of HJ 212, a
word, or yes and no."""

from __future__ import annotations

import re

from ecoledger.hj212 import codes
from ecoledger.listings.tables.book import Cell
from ecoledger.listings.tables.headers import fold

POINTS = frozenset(
    {"点位", "监测点", "监测点位", "监测站", "监测站点", "站点", "站点名称", "站名", "测点", "测点名称", "测站", "测站名称", "点位名称",
     "监测点名称", "监测点位名称", "子站", "子站名称", "水站", "水站名称", "采样点", "采样点位", "监测断面", "断面", "断面名称", "监测断面名称",
     "排放口", "排放口名称", "排口", "排口名称", "mn", "设备编号", "点位编码", "点位编号", "监测点编码", "监测点编号", "编码", "站点编码",
     "站点编号", "断面编码", "point", "station", "code", "site", "stationcode", "station_code", "station_id", "stationname",
     "station_name", "sitename", "site_name", "site_id", "positionname"}
)  # fmt: skip
DATES = frozenset(
    {
        "日期",
        "监测日期",
        "采样日期",
        "数据日期",
        "采样日",
        "监测日",
        "date",
        "sampledate",
        "sample_date",
    }
)
TIMES = frozenset(
    {"时间", "监测时间", "数据时间", "采样时间", "日期时间", "时间点", "采集时间", "观测时间", "测定时间", "time", "datetime", "date_time",
     "datatime", "timestamp", "timepoint", "time_point", "monitortime", "monitor_time"}
)  # fmt: skip
HOURS = frozenset({"小时", "时", "时刻", "时次", "钟点", "整点", "hour", "hours", "hr"})
# A table with one value a row has columns for what is measured and for its value, and perhaps for its unit.
FACTORS = frozenset(
    {"因子", "监测因子", "项目", "监测项目", "监测指标", "检测项目", "指标", "因子编码", "因子名称", "污染物", "污染物名称",
     "parameter", "factor", "pollutant", "type"}
)  # fmt: skip
VALUES = frozenset(
    {"数值", "监测值", "值", "浓度", "结果", "监测结果", "检测结果", "检测值", "实测值", "监测数据", "value", "concentration", "result"}
)  # fmt: skip
UNITS = frozenset({"单位", "计量单位", "浓度单位", "unit", "units"})
# What columns of marks are called: of flags, of what says that a value is good, and of what says that it is not.
FLAGS = frozenset(
    {"标记", "数据标记", "标识", "数据标识", "状态", "数据状态", "标志", "数据标志", "标记位", "flag", "status"}
)  # fmt: skip
VALID = frozenset(
    {
        "是否有效",
        "有效性",
        "数据有效性",
        "是否可用",
        "审核状态",
        "审核结果",
        "数据审核",
        "审核",
        "数据质量",
        "qc",
    }
)
INVALID = frozenset(
    {
        "是否无效",
        "是否异常",
        "是否剔除",
        "是否质控",
        "是否质控样",
        "质控样",
        "质控",
        "质控类型",
        "质控样类型",
    }
)
MARKS = FLAGS | VALID | INVALID

_YES = frozenset({"是", "y", "yes", "true", "√"})
_NOTHING = frozenset({"-", "--", "/", "—", "——", "无"})
_NO = frozenset({"否", "无", "不是", "n", "no", "false", "/", "-", "环境样", "实样"})


def denies(name: str) -> bool:
    """Whether in a column called so yes means a bad value."""
    return fold(name) in INVALID


def flag_of(cell: Cell, *, denies: bool = False) -> str | None:
    """The flag of HJ 212 that a file writes as its letter or as its word; "" for none, ``None`` unknown.

    ``denies``: yes there means a bad value.
    """
    text = fold(cell)
    if not text or (text in _NOTHING and not denies):
        return ""
    if text in (_NO if denies else _YES) or (isinstance(cell, bool) and cell is not denies):
        return "N"
    word, bracket = re.fullmatch(r"(.*?)(?:\((.*)\))?", text).groups()  # type: ignore[union-attr]
    letters = {codes.flag_letter(said) for said in (word, bracket) if said}  # N(正常)
    return letters.pop() if len(letters) == 1 else None
