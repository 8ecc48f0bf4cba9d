"""``python -m demo``: set up the demonstration city once, then run it: server and devices.

The city lives in one data folder; delete it (or say ``--fresh``) to begin again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from demo.sources import ZONE
from demo.stories import Stories

if TYPE_CHECKING:
    from demo.live import Instrument

# The last hours are left out of the bulk load and sent by the devices, at speed.
LIVE_HOURS = 6.0


def present() -> datetime:
    """Now, in China standard time."""
    return datetime.now(ZONE).replace(tzinfo=None)


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host or "127.0.0.1", int(port)


@click.command(help=__doc__)
@click.option(
    "--data", type=click.Path(path_type=Path), default=Path("demo-data"), show_default=True
)
@click.option("--http", default="127.0.0.1:8000", show_default=True, help="Where the pages are.")
@click.option("--hj212", default="127.0.0.1:9212", show_default=True, help="Where devices report.")
@click.option(
    "--speed", default=360.0, show_default=True, help="Speed of the first hours; 1 = real time."
)
@click.option("--fresh", is_flag=True, help="Begin again in an empty folder.")
@click.option("--setup-only", is_flag=True, help="Set the city up and stop.")
def main(data: Path, http: str, hj212: str, speed: float, fresh: bool, setup_only: bool) -> None:
    data = data.resolve()
    if fresh and data.exists():
        if not (data / "DEMO").exists():
            raise click.ClickException(f"{data} is not a demonstration's folder; it is left alone")
        shutil.rmtree(data)
    os.environ["ECOLEDGER_DATA"] = str(data)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecoledger.settings")
    data.mkdir(parents=True, exist_ok=True)
    marker = data / "DEMO"
    if not (data / "demo.json").exists():
        if any(p.name not in ("DEMO", "secret_key") for p in data.iterdir()):
            raise click.ClickException(
                f"{data} holds an unfinished set-up: delete it, or run with --fresh"
                if marker.exists()
                else f"{data} is not empty and not a demonstration's folder: choose another with --data"
            )
        # Before Django starts: its settings read it, and it says whose folder this is.
        marker.write_text("安澜市演示数据（合成数据）\n", encoding="utf-8")
        _set_up(data)
    state = json.loads((data / "demo.json").read_text(encoding="utf-8"))
    if not setup_only:
        _run(data, http, hj212, speed, state)


def _set_up(data: Path) -> None:
    import django

    django.setup()
    from demo import setup

    began = time.monotonic()
    now = present()
    setup.set_up(data, now, now - timedelta(hours=LIVE_HOURS), say=click.echo)
    click.echo(f"安澜市已建成，用时 {time.monotonic() - began:.0f} 秒。")


def _run(data: Path, http: str, hj212: str, speed: float, state: dict[str, str]) -> None:
    import django

    django.setup()
    from demo import build, live, setup

    plan = Stories(datetime.fromisoformat(state["start"]))
    begin = datetime.fromisoformat(state["reached"])
    if present() - begin > timedelta(hours=2 * LIVE_HOURS):
        # The machine was off for a while: what the devices would have sent goes in at once.
        begin = setup.fill_gap(
            data, begin, present() - timedelta(hours=LIVE_HOURS), plan, click.echo
        )
    host, port = _split(hj212)
    command = [
        sys.executable,
        "-m",
        "ecoledger",
        "serve",
        "--data",
        str(data),
        "--http",
        http,
        "--hj212",
        hj212,
    ]
    server = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=(data / "server.log").open("ab")
    )
    try:
        ready = server.stdout.readline() if server.stdout else b""
        if b"ready" not in ready:
            raise click.ClickException(_why_not(data / "server.log"))
        said = json.loads(ready)
        host, port = _split(said.get("hj212", hj212))
        click.echo(_WELCOME.format(http=said["http"], password=build.PASSWORD))
        devices = live.instruments(plan)
        asyncio.run(_devices(data, server, (host, port), devices, begin, speed, state))
    except KeyboardInterrupt:
        pass
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=60)
        click.echo("已停止。再次运行将从停止处继续。")


def _why_not(log: Path) -> str:
    """What the server said when it did not start, and what helps when its address is taken."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    said = [line.removeprefix("Error: ") for line in lines if line.startswith("Error: ")]
    return (
        f"平台没有启动：{said[-1] if said else '见日志'}（日志 {log}）。\n"
        'The server did not start; another address: make demo DEMO="--http 127.0.0.1:8001 --hj212 127.0.0.1:9213"'
    )


async def _devices(
    data: Path,
    server: subprocess.Popen[bytes],
    address: tuple[str, int],
    instruments: list[Instrument],
    begin: datetime,
    speed: float,
    state: dict[str, str],
) -> None:
    """Run the devices until the server ends or somebody stops us, keeping note of how far they are."""
    from demo import live

    progress = live.Progress(begin)
    devices = asyncio.create_task(live.run(*address, instruments, begin, speed, progress))
    devices.add_done_callback(_tell_failure)
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    told = False
    while not stop.is_set() and server.poll() is None:
        state["reached"] = progress.reached.isoformat()
        (data / "demo.json").write_text(json.dumps(state), encoding="utf-8")
        if progress.caught_up.is_set() and not told:
            told = True
            click.echo(f"\n设备已追上当前时间，共上报 {progress.sent} 个数据包，此后按实时上报。")
        elif not told:
            click.echo(
                f"\r设备时间 {progress.reached:%m-%d %H:%M}，已应答 {progress.sent}", nl=False
            )
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 1)
    devices.cancel()
    await asyncio.gather(devices, return_exceptions=True)


def _tell_failure(devices: asyncio.Task[None]) -> None:
    if not devices.cancelled() and (problem := devices.exception()):
        click.echo(f"\n设备模拟已停止：{problem!r}；页面仍可查看。", err=True)


_WELCOME = """
  EcoLedger · 生态一本账    演示城市：安澜市（合成数据）

  打开   {http}
  密码   {password}（所有演示账号相同）
  账号   juzhang 局领导 · diaodu 调度 · jiance 监测 · zhifa、zhifa2 执法 · fazhi 法规 · shenpi 审批 · zhen8 东港镇 · qiye10 企业
         shenji 审计 · xitong 系统管理 · anquan 安全管理

  设备正在按 HJ 212 向网关补发最近几小时的数据，页面会随之变化。按 Ctrl+C 停止。
"""

if __name__ == "__main__":
    main()
