"""How quickly closed problems of an earlier ledger come in by the command, from its start to its last line.

    python -m benchmarks.history_import [--rows 20000] [--runs 3]

A new bureau of twenty towns, made by commands, for each run; then one CSV of 18 columns, ``ecoledger enter problem FILE
--history`` with no server running. Counts the processor time of the command and of what it started. Prints one JSON
line: rows a second by processor and by clock, each run's and the median, and what was kept.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

from benchmarks.pages_data import COUNTY, TOWNS

HEADER = ("原编号", "来源类别", "批次", "问题", "具体情况", "属地", "地点", "类别", "问题层级", "风险等级", "重点件",
          "整改目标", "整改措施", "责任单位", "责任领导", "整改时限", "登记日期", "办结日期")  # fmt: skip
ORIGINS = ("自查发现", "上级交办", "信访投诉", "省级生态环境保护督察")
TROUBLES = (
    ("水", "生活污水直排", "完成雨污分流改造，排口封堵"),
    ("大气", "喷漆废气无组织排放", "加装收集罩和活性炭吸附装置"),
    ("固体废物", "岸线堆放建筑垃圾", "清运垃圾并复绿"),
    ("噪声", "夜间施工噪声扰民", "调整作业时间，设置隔声屏"),
)
RISKS = ("一般", "一般", "一般", "较大")


def ledger(rows: int, random_: random.Random) -> list[tuple[str, ...]]:
    """``rows`` closed problems of three years."""
    begin, lines = date(2023, 1, 3), []
    for n in range(rows):
        town = random_.choice(TOWNS)[1]
        medium, what, measures = random_.choice(TROUBLES)
        place = f"{town}解放路{random_.randrange(1, 900)}号{random_.choice('东西南北')}侧"
        opened = begin + timedelta(days=n * 1000 // rows)
        closed = opened + timedelta(days=random_.randrange(5, 60))
        lines.append(
            (
                f"Z{n:06}", random_.choice(ORIGINS), f"第{n * 40 // rows + 1}批", f"{place}{what}",
                f"{opened.month}月巡查发现，{place}约{random_.randrange(5, 90)}米处{what}，影响周边{random_.randrange(3, 60)}户居民。",
                town, place, medium, "县级", random_.choice(RISKS), random_.choice("是否"), "消除污染，恢复原状",
                f"{measures}，由第{random_.randrange(1, 30)}网格复查", f"{town}人民政府", f"张{random_.randrange(97)}",
                f"{opened + timedelta(days=60)}", f"{opened}", f"{closed}",
            )
        )  # fmt: skip
    return lines


def write(path: Path, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def command(*arguments: str) -> str:
    """What ``ecoledger`` prints. With its compiled modules, as it is installed."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run(
        [sys.executable, "-m", "ecoledger", *arguments],
        check=True, stdout=subprocess.PIPE, text=True, env=environment,
    ).stdout  # fmt: skip


def bureau(folder: Path) -> list[str]:
    """A county of twenty towns with their governments; the option that names its folder."""
    data = ["--data", str(folder / "data")]
    command("migrate", *data)
    areas = [(COUNTY, "清溪县", "县级"), *((code, name, "镇级") for code, name in TOWNS)]
    command("enter", "area", str(write(folder / "areas.csv", ("行政区划代码", "名称", "级别"), areas)), *data)  # fmt: skip
    units = [(f"{name}人民政府", "镇（街道）", name) for _code, name in TOWNS]
    command("enter", "organisation", str(write(folder / "units.csv", ("名称", "类别", "属地"), units)), *data)  # fmt: skip
    return data


def processor() -> float:
    """Seconds of the processor that the commands so far have taken, and what they started."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    ask = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    ask.add_argument("--rows", type=int, default=20_000)
    ask.add_argument("--runs", type=int, default=3)
    said = ask.parse_args()
    lines = ledger(said.rows, random.Random(1))
    by_processor, by_clock, kept = [], [], []
    for _run in range(said.runs):
        with tempfile.TemporaryDirectory(prefix="history-") as folder:
            data = bureau(Path(folder))
            file = write(Path(folder) / "history.csv", HEADER, lines)
            clock, used = time.perf_counter(), processor()
            told = command("enter", "problem", str(file), "--history", *data).splitlines()
            by_clock.append(round(said.rows / (time.perf_counter() - clock)))
            by_processor.append(round(said.rows / (processor() - used)))
            kept.append(json.loads(told[-1])["kept"])
    print(
        json.dumps(
            {
                "rows": said.rows,
                "kept": kept,
                "rows_a_processor_second": round(statistics.median(by_processor)),
                "rows_a_second": round(statistics.median(by_clock)),
                "runs_by_processor": by_processor,
                "runs_by_clock": by_clock,
            }
        )
    )


if __name__ == "__main__":
    main()
