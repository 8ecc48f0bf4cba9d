"""Roles and what each may do. A role is a fixed duty; a person may hold several."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """Duties in and around the bureau (岗位)."""

    LEADER = "leader"
    SECTION_CHIEF = "section_chief"
    DISPATCHER = "dispatcher"
    MONITOR = "monitor"
    OFFICER = "officer"
    APPROVER = "approver"
    LEGAL = "legal"
    COMPLAINT = "complaint"
    DISCIPLINE = "discipline"
    TOWN = "town"
    GRID = "grid"
    ENTERPRISE = "enterprise"
    THIRD_PARTY = "third_party"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDIT_ADMIN = "audit_admin"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    Role.LEADER: "局领导",
    Role.SECTION_CHIEF: "科长",
    Role.DISPATCHER: "调度人员",
    Role.MONITOR: "监测人员",
    Role.OFFICER: "执法人员",
    Role.APPROVER: "审批人员",
    Role.LEGAL: "法制审核人员",
    Role.COMPLAINT: "信访受理人员",
    Role.DISCIPLINE: "党风廉政专员",
    Role.TOWN: "镇（街道）人员",
    Role.GRID: "网格员",
    Role.ENTERPRISE: "企业用户",
    Role.THIRD_PARTY: "第三方服务人员",
    Role.SYSTEM_ADMIN: "系统管理员",
    Role.SECURITY_ADMIN: "安全管理员",
    Role.AUDIT_ADMIN: "审计管理员",
}

# Everyone inside government who works with data and matters.
BUREAU = frozenset(
    {
        Role.LEADER,
        Role.SECTION_CHIEF,
        Role.DISPATCHER,
        Role.MONITOR,
        Role.OFFICER,
        Role.APPROVER,
        Role.LEGAL,
        Role.COMPLAINT,
        Role.DISCIPLINE,
    }
)
STAFF = BUREAU | {Role.TOWN, Role.GRID}
ADMINISTRATORS = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})

# A bureau's lines of business (业务条线); a section chief heads one.
LINES = {
    "assessment": "综合考核",
    "rectification": "督察整改",
    "monitoring": "监测预警",
    "air": "大气",
    "water": "水",
    "soil": "土壤生态",
    "waste": "固废辐射",
    "approval": "审批总量",
    "enforcement": "执法信访",
    "emergency": "应急",
}

# Capability -> roles that hold it. Workflows name roles themselves; this table is for the rest.
CAPABILITIES: dict[str, frozenset[Role]] = {
    "see_monitoring": STAFF | {Role.ENTERPRISE, Role.THIRD_PARTY},
    "see_cockpit": STAFF,
    "see_matters": STAFF | {Role.ENTERPRISE, Role.THIRD_PARTY},
    "see_statistics": STAFF | {Role.THIRD_PARTY},
    "merge_visits": frozenset({Role.DISPATCHER, Role.SECTION_CHIEF}),
    "draw_case_files": frozenset({Role.LEADER, Role.LEGAL}),
    "draw_filings": frozenset({Role.APPROVER, Role.OFFICER, Role.SECTION_CHIEF, Role.LEADER}),
    "see_quarantine": frozenset({Role.MONITOR, Role.SYSTEM_ADMIN}),
    "replay_frames": frozenset({Role.MONITOR, Role.SYSTEM_ADMIN}),
    "see_raw_frames": BUREAU | {Role.SYSTEM_ADMIN},
    "correct_observations": frozenset({Role.MONITOR}),
    "command_devices": frozenset({Role.MONITOR, Role.SYSTEM_ADMIN}),
    "import_observations": frozenset({Role.MONITOR}),
    "file_shutdown": frozenset({Role.ENTERPRISE, Role.MONITOR, Role.OFFICER}),
    "edit_registry": frozenset({Role.MONITOR, Role.APPROVER, Role.SYSTEM_ADMIN}),
    "edit_rules": frozenset({Role.MONITOR, Role.SYSTEM_ADMIN}),
    "edit_routing": frozenset({Role.DISPATCHER, Role.SYSTEM_ADMIN}),
    "make_reports": frozenset({Role.LEADER, Role.SECTION_CHIEF, Role.DISPATCHER, Role.MONITOR}),
    "write_letters": frozenset(
        {Role.LEADER, Role.SECTION_CHIEF, Role.DISPATCHER, Role.OFFICER, Role.LEGAL}
    ),
    "see_documents": BUREAU,
    # What was issued to one's unit, and what goes to all of its kind.
    "receive_documents": BUREAU | {Role.TOWN, Role.GRID},
    "see_plans": BUREAU,
    "sign_documents": frozenset({Role.LEADER}),
    "edit_letter_templates": frozenset({Role.DISPATCHER, Role.SYSTEM_ADMIN}),
    "manage_people": frozenset({Role.SECURITY_ADMIN}),
    "confirm_administrators": ADMINISTRATORS,
    "operate": frozenset({Role.SYSTEM_ADMIN}),
    "see_audit": frozenset({Role.AUDIT_ADMIN}),
    # Complainants' identity and penalties not yet decided (个人信息保护法; 行政处罚法).
    "see_undecided_penalties": frozenset({Role.LEADER, Role.OFFICER, Role.LEGAL}),
    "see_complainants": frozenset({Role.DISPATCHER, Role.COMPLAINT}),
    # 巡察整改与廉政风险 (党纪处分条例; 巡视工作条例).
    "see_discipline": frozenset({Role.LEADER, Role.DISCIPLINE}),
}
