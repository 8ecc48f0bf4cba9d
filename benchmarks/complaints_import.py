"""How long 20,000 complaints take from file to book: preview with repeats proposed, then taken in.

    python -m benchmarks.complaints_import [--rows 20000] [--firms 4000]

A platform's export as CSV in GB18030 with one repeat in ten and firms on record, read by what the pages' jobs call.
Prints one JSON line: seconds of wall and of processor for preview and acceptance, and what was kept.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import random
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.pages_data import TOWNS, entities

TROUBLES = (
    ("大气", "夜间排放刺鼻气味，窗户不敢开"),
    ("水", "往河沟里排黑水，水面有泡沫"),
    ("噪声", "凌晨仍在切割作业，噪声很大"),
    ("固废", "路边堆放废料，下雨后污水横流"),
)


def export(rows: int, firms: list[str], random_: random.Random) -> bytes:
    """The platform's export: ``rows`` complaints of a year, each tenth told again some days later."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["举报编号", "举报时间", "举报类型", "举报人", "联系电话", "被举报单位", "行政区划",
                     "详细地址", "污染类型", "举报内容", "办理单位", "办结时间", "是否属实", "回访结果"])  # fmt: skip
    begin = datetime(2025, 11, 1)
    lines: list[list[str]] = []
    for n in range(rows):
        if n % 10 == 9:
            told = list(random_.choice(lines[-40:]))
            told[7] += "附近"
        else:
            town = random_.choice(TOWNS)[1]
            kind, what = random_.choice(TROUBLES)
            told = ["", "", "12345热线", f"张{n % 97}", f"138{n % 10**8:08}", random_.choice(firms), town,
                    f"{town}解放路{random_.randrange(1, 400)}号", kind,
                    f"{random_.choice('东西南北')}侧第{random_.randrange(1, 60)}家{what}",
                    "", "", random_.choice(["属实", "部分属实", "不属实"]), "满意"]  # fmt: skip
        opened = begin + timedelta(minutes=25 * n)
        told[0], told[1] = f"D{n:08}", f"{opened:%Y-%m-%d %H:%M}"
        told[11] = f"{opened + timedelta(days=6):%Y-%m-%d %H:%M}"
        lines.append(told)
    writer.writerows(lines)
    return text.getvalue().encode("gb18030")


def main() -> None:
    ask = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    ask.add_argument("--rows", type=int, default=20_000)
    ask.add_argument("--firms", type=int, default=4_000)
    said = ask.parse_args()
    random_ = random.Random(1)
    with tempfile.TemporaryDirectory(prefix="complaints-") as folder:
        from ecoledger.cli import data_folder

        data_folder.use(Path(folder) / "data", make=True)
        data_folder.migrate()
        from ecoledger.entities.models import Enterprise
        from ecoledger.listings import importing
        from ecoledger.listings.catalogue import listing_of
        from ecoledger.monitoring import runtime
        from ecoledger.registers.complaints.proposals import Repeat

        entities(said.firms, random_)
        firms = list(Enterprise.objects.values_list("name", flat=True))
        content = export(said.rows, firms, random_)
        book = listing_of("complaint")
        with runtime.opened(data_folder.setting("OBSERVATIONS")):
            marks = [(time.perf_counter(), time.process_time())]
            batch = importing.preview(book, "complaints.csv", content, by=None)
            marks.append((time.perf_counter(), time.process_time()))
            importing.accept(book, batch.pk, by=None)
            marks.append((time.perf_counter(), time.process_time()))
        (w0, c0), (w1, c1), (w2, c2) = marks
        print(
            json.dumps(
                {
                    "rows": said.rows,
                    "kept": book.model.objects.count(),
                    "repeats_proposed": Repeat.objects.count(),
                    "preview_s": round(w1 - w0, 1),
                    "accept_s": round(w2 - w1, 1),
                    "wall_s": round(w2 - w0, 1),
                    "processor_s": round(c2 - c0, 1),
                    "preview_processor_s": round(c1 - c0, 1),
                }
            )
        )


if __name__ == "__main__":
    main()
