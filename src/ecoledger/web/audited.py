"""What audited actions are called: those of the platform by a list, those of a book by the book and what was done."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ecoledger.listings.catalogue import listing_of

ACTIONS = {
    "sign_in": gettext_lazy("登录"),
    "sign_in_failed": gettext_lazy("登录失败"),
    "sign_out": gettext_lazy("退出登录"),
    "change_password": gettext_lazy("修改密码"),
    "add_person": gettext_lazy("登记人员"),
    "edit_person": gettext_lazy("修改人员"),
    "filing made": gettext_lazy("停运申报"),
    "filing ended": gettext_lazy("结束申报"),
    "filing withdrawn": gettext_lazy("撤回申报"),
    "alarm rule edited": gettext_lazy("修改预警规则"),
    "routing_rule_added": gettext_lazy("添加交办规则"),
    "routing_rule_edited": gettext_lazy("修改交办规则"),
    "routing_rule_deleted": gettext_lazy("删除交办规则"),
    "api_key_made": gettext_lazy("生成接口密钥"),
    "api_key_revoked": gettext_lazy("撤销接口密钥"),
    "api_key_used": gettext_lazy("使用接口密钥"),
    "refused": gettext_lazy("拒绝访问"),
    "see_complainant": gettext_lazy("查看举报人"),
    "second_factor": gettext_lazy("核对动态口令"),
    "second_factor_failed": gettext_lazy("动态口令错误"),
    "second_factor_set_up": gettext_lazy("设置动态口令"),
    "second_factor_removed": gettext_lazy("解除动态口令"),
    "device_rewrote": gettext_lazy("设备改写历史数据"),
    "device_second_address": gettext_lazy("设备由另一地址接入"),
    "export_list": gettext_lazy("导出清单"),
    "export_matters": gettext_lazy("导出台账"),
    "review_observation": gettext_lazy("人工审核"),
    "withdraw_review": gettext_lazy("撤回审核"),
    "review_period": gettext_lazy("审核一段"),
    "undo_review_period": gettext_lazy("撤销时段审核"),
    "filing agreed": gettext_lazy("确认申报"),
    "filing refused": gettext_lazy("不予确认申报"),
    "table_imported": gettext_lazy("导入表格"),
    "table_undone": gettext_lazy("撤销导入"),
    "table_brought_back": gettext_lazy("恢复导入"),
    "hand_over": gettext_lazy("交接工作"),
    "open_restricted": gettext_lazy("打开受限台账"),
    "integrity_broken": gettext_lazy("完整性校验不通过"),
    "download_job": gettext_lazy("下载任务结果"),
    "registry entered": gettext_lazy("登记对象"),
    "registry changed": gettext_lazy("修改对象"),
    "point registered": gettext_lazy("登记监测点"),
    "point changed": gettext_lazy("修改监测点"),
    "frames replayed": gettext_lazy("重放报文"),
    "frames_dismissed": gettext_lazy("隔离报文不再处理"),
    "frames_dismissal_withdrawn": gettext_lazy("撤回不再处理"),
    "observations imported": gettext_lazy("导入数据"),
    "import undone": gettext_lazy("撤销导入"),
    "account_locked": gettext_lazy("账号锁定"),
    "act_for": gettext_lazy("开始代理"),
    "act_for_ended": gettext_lazy("结束代理"),
    "administrator_change_refused": gettext_lazy("不同意管理员变更"),
    "api_keys_revoked": gettext_lazy("撤销全部接口密钥"),
    "ask_administrator_change": gettext_lazy("申请管理员变更"),
    "ask_device": gettext_lazy("向设备下达指令"),
    "call answered": gettext_lazy("答复预警推送"),
    "charge appointed": gettext_lazy("登记责任人"),
    "charge ended": gettext_lazy("结束责任"),
    "charge handed over": gettext_lazy("移交责任"),
    "checklist.keep": gettext_lazy("修改检查表"),
    "credit.enter": gettext_lazy("登记信用信息"),
    "document_altered": gettext_lazy("文书被改动"),
    "end_deputy": gettext_lazy("结束代理指定"),
    "evidence_altered": gettext_lazy("证据被改动"),
    "export_case_book": gettext_lazy("导出案卷"),
    "export_draw_sheet": gettext_lazy("导出抽取结果"),
    "export_matter_book": gettext_lazy("导出一事一档"),
    "file_review.draw": gettext_lazy("抽取案卷"),
    "filing_check.draw": gettext_lazy("抽取登记表"),
    "agency_rating.publish": gettext_lazy("公布编制单位星级"),
    "first_password": gettext_lazy("发放初始密码"),
    "hand_over_undone": gettext_lazy("撤销交接"),
    "limit changed": gettext_lazy("修改限值"),
    "limit entered": gettext_lazy("登记限值"),
    "limit removed": gettext_lazy("删除限值"),
    "name_deputy": gettext_lazy("指定代理人"),
    "open_evidence": gettext_lazy("查看证据"),
    "own_rules.write": gettext_lazy("修改本局规则"),
    "quarantine_let_go": gettext_lazy("清理隔离报文"),
    "registry repointed": gettext_lazy("改指对象"),
    "registry renamed": gettext_lazy("更名"),
    "registry moved": gettext_lazy("迁移"),
    "registry merged": gettext_lazy("合并"),
    "registry split": gettext_lazy("分立"),
    "relation changed": gettext_lazy("修改关系"),
    "relation entered": gettext_lazy("登记关系"),
    "remove_second_factor": gettext_lazy("解除动态口令"),
    "reset_password": gettext_lazy("重设密码"),
    "sign_in_slowed": gettext_lazy("地址登录受限"),
    "signed_out_idle": gettext_lazy("闲置退出"),
    "succession undone": gettext_lazy("撤销变更"),
    "unlock_person": gettext_lazy("解锁人员"),
}
# What is done in books of every kind: the part after the dot.
IN_BOOKS = {
    "answer": gettext_lazy("答复异议"),
    "begin": gettext_lazy("开始评分"),
    "by_rule": gettext_lazy("按规则列入"),
    "change": gettext_lazy("修改"),
    "correct": gettext_lazy("更正"),
    "done": gettext_lazy("履行"),
    "draft": gettext_lazy("拟定版本"),
    "drawn": gettext_lazy("随机抽取"),
    "ended": gettext_lazy("结束"),
    "freeze": gettext_lazy("冻结"),
    "leave_out": gettext_lazy("不再安排"),
    "list_frozen": gettext_lazy("冻结名单"),
    "lock": gettext_lazy("锁定"),
    "mark": gettext_lazy("评分"),
    "object": gettext_lazy("提出异议"),
    "objects": gettext_lazy("列入对象"),
    "open": gettext_lazy("登记"),
    "post": gettext_lazy("记账"),
    "publish": gettext_lazy("公布"),
    "remove": gettext_lazy("移出"),
    "running": gettext_lazy("开始"),
    "visit": gettext_lazy("登记检查"),
    "waive": gettext_lazy("免除"),
    "withdraw": gettext_lazy("撤下"),
}


def action_name(action: str) -> str:
    """An audited action in words; its own name where nobody gave it any."""
    if action in ACTIONS:
        return str(ACTIONS[action])
    book, _dot, verb = action.rpartition(".")
    if verb not in IN_BOOKS:
        return _(action)
    try:
        label = _(str(listing_of(book).label))
    except KeyError:
        label = book
    return f"{label} · {IN_BOOKS[verb]}"
