"""A still picture from the bureau's video platform (mechanism A10): asked for when it proves something, never kept else.

Only from hosts that the bureau names (``data/cameras.toml``); a redirect, another kind of file or one too large is no
picture. The video itself stays where it is recorded.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import requests
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from django.utils.translation import gettext as _
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from ecoledger.listings import own_data
from ecoledger.listings.refusals import Refused
from ecoledger.matters.evidence import Upload

TIMEOUT = 10  # seconds
LARGEST = 8 * 1024 * 1024
KINDS = {b"\xff\xd8\xff": ("jpg", "image/jpeg"), b"\x89PNG": ("png", "image/png")}


def allowed(address: str) -> bool:
    """Whether a picture may be asked for at the address: http(s) at a host (with its port) that the bureau named."""
    hosts = own_data.read(__package__, "cameras")["hosts"]
    try:
        parts = parse_url(address)  # by the parser of what connects: another may see another host
    except LocationParseError:
        return False
    plain = parts.auth is None and "\\" not in address
    return plain and parts.scheme in ("http", "https") and parts.netloc in hosts


def fetch(address: str, name: str) -> Upload:
    """The picture at the address, as evidence. Raises :class:`Refused` with what is wrong."""
    if not allowed(address):
        raise Refused(
            "file",
            _("“%s”不在允许的视频平台内。") % urlsplit(address).netloc,
            _("请联系系统管理员登记。"),
        )
    try:
        answer = requests.get(address, timeout=TIMEOUT, allow_redirects=False, stream=True)
        content = answer.raw.read(LARGEST + 1, decode_content=True)
    except (requests.RequestException, OSError) as error:
        raise Refused("file", _("视频平台没有回应（%s）。") % type(error).__name__) from error
    kind = next((k for start, k in KINDS.items() if content.startswith(start)), None)
    if answer.status_code != 200 or kind is None or len(content) > LARGEST:
        raise Refused("file", _("视频平台没有给出图片（HTTP %d）。") % answer.status_code)
    ending, content_type = kind
    now = timezone.localtime()
    file = SimpleUploadedFile(f"{name}_{now:%Y%m%d%H%M%S}.{ending}", content, content_type)
    return Upload(
        file,
        caption=_("%(camera)s %(at)s 截图") % {"camera": name, "at": f"{now:%Y-%m-%d %H:%M:%S}"},
    )
