"""系统: what administrators keep, in one list."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ecoledger.web import navigation
from ecoledger.web.access import Request

# Page -> what it is for.
PURPOSES = {
    "beginning": gettext_lazy("新单位先登记什么、还缺什么"),
    "people": gettext_lazy("谁能登录、担任什么岗位、看哪些属地"),
    "audit": gettext_lazy("谁在什么时候做了什么，按人、对象、时间查"),
    "rules": gettext_lazy("什么情况下发出预警，各级门槛是多少"),
    "routing": gettext_lazy("预警立件后交给哪个单位"),
    "quarantine": gettext_lazy("收到但没有入库的报文，消除原因后重放"),
    "import": gettext_lazy("从表格导入监测数据，先检查后入库"),
}


def page(request: Request) -> HttpResponse:
    pages = navigation.system_pages(request.user)
    if not pages:
        raise PermissionDenied(_("您的岗位不含打开此页的权限。"))
    rows = [(page, PURPOSES.get(page.url_name, "")) for page in pages]
    return render(request, "web/office/system.html", {"rows": rows})
