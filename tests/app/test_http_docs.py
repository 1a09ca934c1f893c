"""docs/http-api.md against a real server: every command runs and prints what the page says."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.conftest import Require

from zhiyin.pipeline.wiring import open_workspace

PAGE = Path(__file__).resolve().parents[2] / "docs" / "http-api.md"


def steps(page: str) -> list[tuple[str, str]]:
    """Commands, each with what it prints."""
    found: list[tuple[str, str]] = []
    for block in re.findall(r"```bash\n(.*?)```", page, re.DOTALL):
        command: list[str] = []
        for line in block.splitlines():
            if line.startswith("#> "):
                found.append(("\n".join(command), line.removeprefix("#> ")))
                command = []
            else:
                command.append(line)
        assert not command, f"a command without its output: {command}"
    return found


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """`zhiyin serve -w shop`, in a folder of its own."""
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "zhiyin.toml").write_text('[text]\nencoder = "tfidf"\n', encoding="utf-8")
    open_workspace(shop).close()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "zhiyin.app.cli.main", "serve", "-w", "shop"]
    server = subprocess.Popen([*command, "--port", str(port)], cwd=tmp_path)
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 240
        while time.monotonic() < deadline:
            try:
                httpx.get(f"{address}/healthz")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=20)


@pytest.mark.integration
def test_every_command_prints_what_the_page_says(
    served: str, tmp_path: Path, require: Require
) -> None:
    require.command("curl")
    require.command("jq")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "ZHIYIN": served, "PATH": path}
    found = steps(PAGE.read_text(encoding="utf-8"))
    assert len(found) > 10
    for command, printed in found:
        run = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.stdout.strip() == printed, f"{command}\n{run.stderr}"
