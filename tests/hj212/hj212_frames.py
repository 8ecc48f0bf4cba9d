"""Frames for the tests of HJ 212: the published ones, and made ones."""

import json
from pathlib import Path
from typing import Any

from ecoledger.hj212 import framed

DATA = Path(__file__).parent.parent / "data"
MN = "010000A8900016F000169DC0"


def frame_of(message: dict[str, Any]) -> bytes:
    """The published frame; a bare data segment gets its length and check code."""
    text: bytes = message["message"].encode()
    if message["kind"] == "packet":
        return text
    return framed(text if text.endswith(b"&&") else text[:-4])[:-2]


def segment(content: str, *, cn: str = "2011", flag: str = "Flag=5;", st: str = "22") -> bytes:
    head = f"QN=20240601085857223;ST={st};CN={cn};PW=123456;MN={MN};{flag}"
    return f"{head}CP=&&{content}&&".encode()


def made(content: str, *, cn: str = "2011", flag: str = "Flag=5;", st: str = "22") -> bytes:
    """A good frame around a CP area, without line end."""
    return framed(segment(content, cn=cn, flag=flag, st=st))[:-2]


def published() -> list[dict[str, Any]]:
    """The messages of tests/data/hj212_messages.json."""
    content = json.loads((DATA / "hj212_messages.json").read_text(encoding="utf-8"))
    messages: list[dict[str, Any]] = content["messages"]
    return messages
