"""Six exports as strangers bring them, each given in on the page: two title rows and a merged head on a sheet a month, an
HTML table that is called .xls, a true BIFF file with dates in four styles, GB 18030 with a line break in every cell of
words, a mayor's mailbox, an inspectorate's batch under headings."""

from __future__ import annotations

import io
import re
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ecoledger.listings.models import ImportRow
from ecoledger.registers.complaints.complaint import Complaint

pytestmark = pytest.mark.django_db
TABLES = Path(__file__).parents[1] / "data" / "tables"


def saved(book):
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def monthly():
    book = openpyxl.Workbook()
    book.remove(book.active)
    for month in (1, 2, 3):
        sheet = book.create_sheet(f"{month}月")
        sheet.append([f"测试县2026年{month}月群众信访举报问题办理情况汇总表"])
        sheet.append(["填报单位（盖章）：测试县生态环境局", *[""] * 5, "填报时间：2026年4月1日"])
        sheet.append(
            [
                "序号",
                "受理\n编号",
                "来源",
                "反映人信息",
                "",
                "反映问题",
                "",
                "",
                "办理情况",
                "",
                "",
                "备注",
            ]
        )
        sheet.append(
            [
                *[""] * 3,
                "姓名",
                "联系电话",
                "被反映单位",
                "所在镇街",
                "反映内容",
                "承办单位",
                "办理结果",
                "是否办结",
                "",
            ]
        )
        for area in (
            "A1:L1",
            "A2:C2",
            "G2:L2",
            "A3:A4",
            "B3:B4",
            "C3:C4",
            "L3:L4",
            "D3:E3",
            "F3:H3",
            "I3:K3",
        ):
            sheet.merge_cells(area)
        for n in (1, 2):
            sheet.append(
                [
                    n,
                    f"SXF2026{month:02}{n:03}",
                    "来电",
                    ["张先生", "匿名"][n - 1],
                    13900000000.0 + n,
                    f"某{month}号养殖场",
                    "北镇",
                    f"1.夜间臭味扰民；\n2.污水直排北河{month}{n}。",
                    "北镇人民政府",
                    "已责令整改",
                    "是" if n == 1 else "否",
                    "",
                ]
            )
        sheet.append(["合计", *[""] * 9, 2])
        sheet.append(["负责人：", "", "", "填表人：某某"])
    return saved(book)  # fmt: skip


def hotline_html():
    rows = "".join(
        f"<tr><td>{n}</td><td>2026{n:08}</td><td>2026-3-{n} {8 + n}:05</td><td>{'匿名用户' if n % 2 else '王**'}</td>"
        f"<td>139****100{n}</td><td>北镇</td><td>北镇某{n}号家具厂喷漆异味<br>希望处理&nbsp;谢谢</td><td>求决类</td><td>已派单</td></tr>"
        for n in range(1, 5)
    )
    heads = "".join(f"<th>{h}</th>" for h in ("序号", "工单号", "来电时间", "诉求人", "联系方式", "所属区域", "诉求内容", "诉求类型", "工单状态"))  # fmt: skip
    page = f"<html><head><meta charset='gbk'></head><body><table><tr><th colspan=9>便民热线工单列表</th></tr><tr>{heads}</tr>{rows}</table></body></html>"
    return page.encode("gb18030")


def platform_csv():
    lines = [
        "举报编号,举报时间,举报方式,举报人姓名,举报人电话,被举报单位名称,被举报单位地址,举报内容,受理状态"
    ]
    lines += [f"\"'D350504260000{n}\",2026-02-0{n} 09:00:00,微信举报,群众,\"'1370000000{n}\",某{n}厂,北镇滨江路{n}号,\"夜间偷排，\n请查处\",受理中" for n in (1, 2, 3, 4, 2)]  # fmt: skip
    return "\r\n".join(lines).encode("gb18030")


def mailbox():
    book = openpyxl.Workbook()
    book.active.append(
        [
            "信件编号",
            "写信时间",
            "写信人",
            "手机号码",
            "标题",
            "信件内容",
            "转办单位",
            "回复内容",
            "回复时间",
        ]
    )
    for n in (1, 2):
        answered = n == 1
        book.active.append([f"SZXX000{n}", datetime(2026, 5, n, 20, 15), "网友", "", "油烟扰民", f"尊敬的局长：\n您好！楼下{n}号烧烤店油烟直排。",
                            "测试县生态环境局", "已责令安装净化器。" if answered else None, datetime(2026, 5, 7) if answered else None])  # fmt: skip
    return saved(book)


def batch():
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["省督察组交办群众信访件清单（第三批）"])
    sheet.append(["交办时间：2026年6月3日　共3件"])
    sheet.append(
        [
            "序号",
            "受理编号",
            "交办问题基本情况",
            "行政区域",
            "污染类型",
            "调查核实情况",
            "是否属实",
            "处理和整改情况",
            "是否办结",
        ]
    )
    sheet.append(["一、北镇（2件）"])
    for n in (1, 2):
        sheet.append([n, f"D2FJ2026060{n}0018", f"北镇某{n}号砖厂烟尘大*", "北镇", "大气", "情况属实。", "属实", "停产整改", "阶段性办结"])  # fmt: skip
    sheet.append(["二、南镇（1件）"])
    sheet.append(
        [3, "X2FJ202606030007", "南镇河道水体发黑", "南镇", "水", "不属实", "不属实", "/", "已办结"]
    )
    return saved(book)


def biff():
    return (TABLES / "62-petitions-biff.xls").read_bytes()


@pytest.fixture
def given_in(bureau, settings, tmp_path):
    """Gives a file in on the page and keeps what the preview offers; the complaints by their numbers."""
    settings.MEDIA_ROOT = str(tmp_path)
    client = Client()
    client.force_login(bureau.people["complaint"])

    def go(name, content):
        answer = client.post(
            "/b/complaint/import", {"file": SimpleUploadedFile(name, content)}, follow=True
        )
        number = re.search(r"/b/complaint/import/(\d+)", answer.request["PATH_INFO"])
        assert number, answer.content.decode()[:2000]
        client.post(f"/b/complaint/import/{number[1]}/accept", {"again": "1"}, follow=True)
        refused = ImportRow.objects.filter(batch=number[1], wrong=True)
        return {c.source_no: c for c in Complaint.objects.all()}, [r.reason for r in refused]

    return go


@pytest.mark.parametrize(
    ("name", "content", "numbers", "refused"),
    [
        ("月报.xlsx", monthly, 6, 0),
        ("热线工单.xls", hotline_html, 4, 0),
        ("台帐.xls", biff, 12, 0),
        ("国家平台.csv", platform_csv, 4, 1),
        ("局长信箱.xlsx", mailbox, 2, 0),
        ("督察交办.xlsx", batch, 3, 0),
    ],
)
def test_a_strangers_export_is_kept_row_by_row(given_in, name, content, numbers, refused):
    made, wrong = given_in(name, content())
    assert "" not in made
    assert (len(made), len(wrong)) == (numbers, refused)
    assert all(c.description for c in made.values())
    # Nobody's telephone stands in what everybody reads.
    assert not any(re.search(r"1[3-9]\d{9}", c.description + c.title) for c in made.values())


def test_what_the_columns_mean_is_known_without_being_asked(given_in):
    made, _wrong = given_in("月报.xlsx", monthly())
    one, two = made["SXF202601001"], made["SXF202601002"]
    assert (one.complainant, one.telephone, one.target) == ("张先生", "13900000001", "某1号养殖场")
    assert (one.state, two.state, one.channel) == ("handling", "handling", "phone")
    assert one.area_code == "990101001"
    assert one.findings == "已责令整改"
    assert "污水直排北河" in one.description


def test_dates_of_four_styles_in_a_true_old_workbook(given_in):
    made, _wrong = given_in("台帐.xls", biff())
    days = {no: f"{c.opened_at:%m-%d}" for no, c in made.items()}
    # Told on 1, 2, 3 and 4 March in China, which is the evening before by UTC.
    assert [days[f"信00{n}"] for n in (1, 2, 3, 4)] == ["02-28", "03-01", "03-02", "03-03"]
    assert made["信001"].state == "done"
    assert set(made["信001"].pollution) == {"air", "noise"}
    assert made["信001"].verdict == "partly"


def test_a_row_that_stands_twice_in_the_file_is_refused_with_the_first(given_in):
    _made, wrong = given_in("国家平台.csv", platform_csv())
    assert "相同" in wrong[0]
