"""Channels out of the house, and what was put into each."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from ecoledger.accounts.fields import AreaCodeField
from ecoledger.accounts.roles import Role
from ecoledger.matters.models import Urgency

# Hosts of the robots; a bureau's own gateways are named by ECOLEDGER_OUTBOX_HOSTS.
ROBOT_HOSTS = {"wecom": "qyapi.weixin.qq.com", "dingtalk": "oapi.dingtalk.com"}


class Channel(models.Model):
    """A way out: to whom, how loud a notice must be, how many an hour, and when it keeps quiet."""

    class Kind(models.TextChoices):
        WECOM = "wecom", "企业微信群机器人"
        DINGTALK = "dingtalk", "钉钉群机器人"
        EMAIL = "email", "电子邮件"
        SMS = "sms", "短信网关"

    name = models.CharField("名称", max_length=60, unique=True)
    kind = models.CharField("方式", max_length=10, choices=Kind.choices)
    # A robot's or gateway's address; of e-mail the recipients, or nothing: each person's own.
    address = models.CharField("地址", max_length=300, blank=True)
    secret = models.CharField("签名密钥", max_length=120, blank=True)
    role = models.CharField(
        "岗位", max_length=20, blank=True, choices=[(role.value, role.label) for role in Role]
    )
    area_code = AreaCodeField()
    least = models.CharField(
        "最低级别", max_length=10, choices=Urgency.choices, default=Urgency.SOON
    )
    quiet_from = models.TimeField("免打扰起", null=True, blank=True)
    quiet_until = models.TimeField("免打扰止", null=True, blank=True)
    digest_minutes = models.PositiveSmallIntegerField(
        "合并间隔（分钟）", default=10, validators=[MaxValueValidator(1440)]
    )
    an_hour = models.PositiveSmallIntegerField(
        "每小时最多条数", default=20, validators=[MinValueValidator(1), MaxValueValidator(500)]
    )
    enabled = models.BooleanField("启用", default=True)
    # The last notice that was looked at; a new channel begins with what comes after it.
    last_notice = models.BigIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = "外发渠道"

    def __str__(self) -> str:
        return self.name

    @property
    def leads_where_allowed(self) -> bool:
        """Whether the address leads to the robots' host by https, or to one that the operator named.

        Read by the parser of the library that will connect: two parsers may take one address for two hosts.
        """
        try:
            parts = parse_url(self.address)
        except LocationParseError:
            return False
        if parts.auth is not None or "\\" in self.address:
            return False
        if parts.netloc in settings.OUTBOX_HOSTS and parts.scheme in ("http", "https"):
            return True
        allowed = {ROBOT_HOSTS.get(self.kind), *settings.OUTBOX_HOSTS}
        return parts.scheme == "https" and parts.host in allowed

    def clean(self) -> None:
        """An address that the bureau has allowed, and recipients where they are needed."""
        if self.kind == self.Kind.EMAIL:
            return
        if not self.leads_where_allowed:
            raise ValidationError(
                {
                    "address": _(
                        "地址须为该平台的 https 地址；本单位自建网关的主机名请先写入 ECOLEDGER_OUTBOX_HOSTS。"
                    )
                }
            )


class Outgoing(models.Model):
    """One message in the outbox: what it says is a number and a link, never what happened to whom."""

    channel = models.ForeignKey(
        Channel, verbose_name="渠道", on_delete=models.CASCADE, related_name="messages"
    )
    area_code = AreaCodeField()
    recipient = models.CharField("收件人", max_length=254, blank=True)
    text = models.CharField("内容", max_length=600)
    notices = models.PositiveSmallIntegerField("通知数", default=1)
    # Reminders that were held back and are told by a digest among these notices.
    gathered = models.PositiveIntegerField("其中汇总", default=0)
    loud = models.BooleanField("不受免打扰限制", default=False)
    created_at = models.DateTimeField("生成时间", default=timezone.now)
    not_before = models.DateTimeField("不早于", default=timezone.now)
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    sent_at = models.DateTimeField("发出时间", null=True, blank=True)
    given_up_at = models.DateTimeField("放弃时间", null=True, blank=True)
    error = models.CharField("原因", max_length=200, blank=True)

    class Meta:
        verbose_name = "外发记录"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["sent_at", "given_up_at", "not_before"], name="outgoing_waiting")
        ]

    def __str__(self) -> str:
        return self.text
