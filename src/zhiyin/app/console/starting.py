"""Starting the console's process, and keeping it alive while the service runs."""

from __future__ import annotations

import importlib.util
import socket as socket_module
import subprocess
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from zhiyin.core.errors import ConfigError

NEEDED = ("nicegui", "websockets")
"""What the extra brings."""
_AGAIN_S = 1.0
_PATIENCE_S = 5.0
_LOOK_S = 0.3


def installed() -> bool:
    """Whether the extra is there."""
    return all(importlib.util.find_spec(name) is not None for name in NEEDED)


def check_installed() -> None:
    """Says what to do where the extra is not there.

    Raises:
        ConfigError: It is not.
    """
    if not installed():
        raise ConfigError(
            "the console needs packages that are not installed",
            hint="pip install 'zhiyin[console]'; or serve without --console",
        )


@contextmanager
def running(*, socket: Path, host: str, port: int, workspaces: Sequence[str]) -> Generator[None]:
    """Keeps a console running; one that dies is started again.

    Args:
        socket: Unix socket on which it listens.
        host: Address on which the service listens.
        port: Port on which it listens.
        workspaces: Names of the workspaces that are served.
    """
    address = f"http://{reached_at(host)}:{port}"
    keeper = _Keeper(
        [
            *(sys.executable, "-m", "zhiyin.app.console.process"),
            *("--socket", str(socket), "--address", address, "--workspaces", *workspaces),
        ]
    )
    keeper.start()
    try:
        yield
    finally:
        keeper.stop()


def free_port(host: str) -> int:
    """A port that nobody listens on, for a service that was given none."""
    family = socket_module.AF_INET6 if ":" in host else socket_module.AF_INET
    with socket_module.socket(family) as found:
        found.bind((host, 0))
        port: int = found.getsockname()[1]
    return port


def has_desktop(environment: Mapping[str, str], platform: str) -> bool:
    """Whether a browser can be opened for whoever sits here.

    Args:
        environment: Variables of the process.
        platform: As in `sys.platform`.
    """
    if environment.get("SSH_CONNECTION") or environment.get("CI"):
        return False
    if platform in ("darwin", "win32"):
        return True
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def open_when_ready(
    url: str, *, patience_s: float = 120.0, show: Callable[[str], object] = webbrowser.open
) -> threading.Thread:
    """Opens a page in the browser once it answers; gives up in silence.

    Args:
        url: Its address.
        patience_s: Seconds to wait for it.
        show: Opens an address.
    """

    def wait() -> None:
        until = time.monotonic() + patience_s
        while time.monotonic() < until:
            with suppress(httpx.HTTPError):
                if httpx.get(url, timeout=10, follow_redirects=True).is_success:
                    show(url)
                    return
            time.sleep(_LOOK_S)

    thread = threading.Thread(target=wait, daemon=True, name="browser")
    thread.start()
    return thread


def reached_at(host: str) -> str:
    """The address at which this machine reaches a service that listens on another."""
    if host in ("0.0.0.0", ""):
        return "127.0.0.1"
    if host == "::":
        return "[::1]"
    return f"[{host}]" if ":" in host else host


class _Keeper(threading.Thread):
    """Starts a command again whenever it ends."""

    def __init__(self, command: Sequence[str]) -> None:
        super().__init__(daemon=True, name="console")
        self._command = list(command)
        self._ending = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def run(self) -> None:
        """Starts it, waits, starts it again."""
        while True:
            with self._lock:
                if self._ending.is_set():
                    return
                self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL)
            self._process.wait()
            if self._ending.wait(_AGAIN_S):
                return

    def stop(self) -> None:
        """Ends it."""
        with self._lock:
            self._ending.set()
            process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
