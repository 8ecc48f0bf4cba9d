"""What 完成情况 means, however it is written."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from ecoledger.standards.completion import Course, read_completion

MEANINGS = {
    "closed": "整改完成 已销号 已办结 √ 100% 已完成 完成 是 已整改 已整改到位 整改到位 已落实整改 完成整改 已完成整改并销号 已完成，长期坚持 已通过验收 已关停 已拆除 "
    "2023年6月已完成整改 整改完毕 已结案 完成（已销号） 全部完成 已全部整改到位 已按期完成 已解决 1 已完成整改任务 立行立改，已完成 已完成(验收意见见附件3) 已清理完毕 "
    "已完成整改100% 5/5 已完成、已验收、已销号 已整改，需长期坚持 已于2023年底前完成 "
    "逾期完成 超期10天完成 逾期已办结 已按计划完成 已将垃圾清理完毕 按省厅要求完成整改 比计划提前完成 已整改到位，确保长效管理到位 未批先建问题已完成整改 "
    "除尘设施已完成改造 已完成整改，未出现反弹 已完成整改，将加强日常监管 整改要求已全部完成 已督促企业整改到位 已清除完毕",
    "nearly": "已完成（待验收） 基本完成整改 主体工程已完成 阶段性办结 已申请销号 已完成整改，尚未销号 基本办结 完成整改，正在申请销号 正在验收 基本完成，待验收 已完成整改，待市级验收 "
    "已完成主体工程 已完成阶段性任务 完成初验 建议销号 大体完成",
    "moving": "持续推进 部分完成 正在整改 推进中 正在推进 已启动 已制定整改方案 已完成80% 完成率95% 整改进度60% 已完成3个，剩余2个正在整改 已完成方案编制 已完成招标，正在施工 "
    "完成前期工作 整改中 办理中 在办 已完成主体工程建设，正在调试 已完成50% 3/5 0.8 "
    "计划完成整改 拟于2026年3月竣工 争取6月底前整改到位 即将完成 已完成3个，预计年底全部完成 已完成一期，计划2026年完成二期 预计年底完成100% 将于2026年6月全部建成 "
    "除2家外均已完成 完成一半 已完成七成 已完成整改方案编制 已完成招投标 正督促企业完成整改 责令限期完成整改 确保如期完成 年底前可全部完成 待资金到位后完成",
    "on_schedule": "达到序时进度 按序时进度推进 已达序时进度 有序推进 正常推进 符合序时进度",
    "behind": "未完成 否 × 未启动 尚未启动 滞后 超期未完成 未达序时进度 逾期未整改 未按期完成 未办结 未整改 尚未整改到位 未完成，资金未落实 0 "
    "未如期完成 未能如期销号 未按要求完成整改 未在规定时限内完成 验收不合格 未完全整改到位",
    "always": "长期坚持 常态化管理 持续推进并长期坚持 长期坚持，已建立巡查机制",
}  # fmt: skip


@pytest.mark.parametrize(
    ("words", "course"), [(w, c) for c, listed in MEANINGS.items() for w in listed.split()]
)
def test_each_way_of_writing_has_its_meaning(words, course):
    said = read_completion(words)
    assert said is not None
    assert said.course == Course(course)
    assert (said.percent == 100) is (course == "closed")


@pytest.mark.parametrize("words", ["", None, "—", "/", "见附件", "不属实", "甲乙丙", "已完成？", "完成率", "已整改，群众不满意", "已完成整改，但反弹",
                                   "2026年6月底前完成", "年底前完成整改", "明年完成"])  # fmt: skip
def test_what_tells_nothing_is_not_guessed_at(words):
    assert read_completion(words) is None


@pytest.mark.parametrize(
    ("cell", "course", "percent", "finished"),
    [
        ("已完成，2022年12月4日通过验收", "closed", 100, date(2022, 12, 4)),
        ("已于2023年2月23日完成", "closed", 100, date(2023, 2, 23)),
        (datetime(2023, 5, 1), "closed", None, date(2023, 5, 1)),
        ("20230501", "closed", None, date(2023, 5, 1)),
        (0.85, "moving", 85, None),
        (1.0, "closed", 100, None),
        (0, "behind", 0, None),
        (True, "closed", None, None),
        ("推进中，预计2023年12月31日完成60%", "moving", 60, None),
    ],
)
def test_numbers_and_days(cell, course, percent, finished):
    said = read_completion(cell)
    assert said.course == Course(course)
    assert said.finished == finished
    assert said.percent == percent


def test_nothing_of_the_future_is_completed():
    today = date(2026, 5, 20)
    assert read_completion("2026年5月完成整改", today).course is Course.CLOSED
    for words in ("2026年6月完成整改", "2027年完成", "已于2027.3.1完成"):
        assert read_completion(words, today) is None


def test_of_a_long_account_the_last_sentence_counts():
    account = (
        "2022年3月该企业未按期完成整改，县整改办下发督办函。4月企业启动喷漆房改造，期间多次现场督导。"
        "6月主体工程完工并调试。目前已完成整改，通过验收。"
    )
    assert read_completion(account).course is Course.CLOSED
    assert (
        read_completion(account.replace("目前已完成整改，通过验收", "目前正在整改")).course
        is Course.MOVING
    )
