"""The language of what is kept for everybody, a document or a message: Chinese, whatever language its writer reads."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.utils.translation import override

CHINESE = "zh-hans"

Asked = ParamSpec("Asked")
Written = TypeVar("Written")


def in_chinese(write: Callable[Asked, Written]) -> Callable[Asked, Written]:
    """``write`` makes what is kept."""

    @wraps(write)
    def written(*args: Asked.args, **kwargs: Asked.kwargs) -> Written:
        with override(CHINESE):
            return write(*args, **kwargs)

    return written
