r"""``ecoledger hj212``: read, write and replay HJ 212 packets.

``decode`` prints one JSON object a line on standard output. Its ``raw`` is text in which each byte that
is not valid UTF-8 stands as ``\xNN`` and a backslash as ``\\``. The exit code is 1 when any frame is
not ok.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import BinaryIO, TextIO

import click

from ecoledger.hj212 import FrameReader, decode, encode
from ecoledger.hj212.dialogue import Timing
from ecoledger.hj212.json_form import from_json, to_json
from ecoledger.hj212.replay import LayoutError, read_csv, replay

_CHUNK = 1 << 16


@click.group(name="hj212")
def command() -> None:
    """HJ 212 污染物在线监控数据传输：解码、编码、回放。"""


def _key(text: str | None) -> bytes | None:
    if text is None:
        return None
    key = bytes.fromhex(text) if len(text) == 32 else text.encode()
    if len(key) != 16:
        raise click.BadParameter("密钥须为 16 个字符或 32 位十六进制数", param_hint="--key")
    return key


def _frames(file: BinaryIO) -> Iterator[bytes]:
    reader = FrameReader(keep_garbage=True)
    while chunk := file.read(_CHUNK):
        yield from reader.feed(chunk)
    yield from reader.flush()


@command.command("decode")
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--strict", is_flag=True, help="拒绝一切偏离标准之处。")
@click.option("--key", help="SM4 密钥（16 个字符或 32 位十六进制数），用于 2025 版加密报文。")
def decode_command(file: BinaryIO, strict: bool, key: str | None) -> None:
    """把 FILE（或标准输入）中的报文逐个解码为 JSON，一行一个；有一个不合格则退出码为 1。"""
    secret = _key(key)
    failed = False
    out = sys.stdout.buffer
    for frame in _frames(file):
        packet = decode(frame, strict=strict, key=secret)
        failed = failed or not packet.ok
        out.write(to_json(packet).encode() + b"\n")
    out.flush()
    if failed:
        sys.exit(1)


@command.command("encode")
@click.argument("file", type=click.File("r", encoding="utf-8"), default="-")
@click.option("--key", help="用此 SM4 密钥加密数据区（2025 版）。")
@click.option(
    "--form",
    type=click.Choice(["raw", "text"]),
    default="raw",
    show_default=True,
    help="密文写法：raw 原始字节，text 标准所印 {0xE4,...}。",
)
def encode_command(file: TextIO, key: str | None, form: str) -> None:
    """decode 的逆运算：读入一行一个的 JSON，写出报文。"""
    secret = _key(key)
    out = sys.stdout.buffer
    failed = False
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            out.write(encode(from_json(line), key=secret, form="text" if form == "text" else "raw"))
        except ValueError as error:
            failed = True
            click.echo(f"第 {number} 行：{error}", err=True)
    out.flush()
    if failed:
        sys.exit(1)


@command.command("send")
@click.option("--to", "address", required=True, metavar="HOST:PORT", help="平台的地址。")
@click.option(
    "--speed", type=click.FloatRange(min=0), default=0.0, help="实际时间的倍数；0 为尽快发送。"
)
@click.option("--connections", type=click.IntRange(min=1), default=1, help="并行的连接数。")
@click.option(
    "--window", type=click.IntRange(min=1), default=64, help="每个连接未获应答的报文上限。"
)
@click.option("--timeout", type=float, default=Timing().timeout, help="应答超时，秒。")
@click.option("--resends", type=int, default=Timing().resends, help="重发次数。")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
def send_command(
    address: str,
    speed: float,
    connections: int,
    window: int,
    timeout: float,
    resends: int,
    file: str,
) -> None:
    """以现场机的身份把 CSV 文件 FILE 发往平台，最后输出一个 JSON：sent、acknowledged、failed 等。

    \b
    列：time,mn,st,cn（可有 pw,edition），再加
      宽表：每个因子字段一列，如 a34004-Rtd,a34004-Flag；
      长表：code,field,value,flag，一行一个值；
      原文：raw，一行一个完整报文。
    有未送达的报文则退出码为 1。
    """
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit():
        raise click.BadParameter("应为 HOST:PORT", param_hint="--to")
    with open(file, encoding="utf-8-sig", newline="") as lines:  # noqa: PTH123 - a path of any kind
        rows = max(sum(1 for _ in lines) - 1, 0)
        lines.seek(0)
        with click.progressbar(length=rows, label="发送", file=sys.stderr) as bar:
            try:
                report = asyncio.run(
                    replay(
                        read_csv(lines),
                        host.strip("[]"),
                        int(port),
                        speed=speed,
                        connections=connections,
                        window=window,
                        timing=Timing(timeout, resends),
                        progress=bar.update,
                    )
                )
            except LayoutError as error:
                raise click.ClickException(str(error)) from error
            except OSError as error:
                raise click.ClickException(f"连接 {address} 失败：{error}") from error
    click.echo(json.dumps(asdict(report), ensure_ascii=False))
    if report.failed:
        sys.exit(1)
