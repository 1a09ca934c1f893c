"""Writes the folder zhiyin/client/awaiting from zhiyin/client/blocking, word by word.

python scripts/async_client.py          # writes it
python scripts/async_client.py --check  # says whether it is up to date
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "src" / "zhiyin" / "client"
_HEAD = """

Written by scripts/async_client.py from zhiyin/client/blocking: change that, and run the script.
"""
_WORDS = [
    (r"\bclass Client\b", "class AsyncClient"),
    (r"zhiyin\.client\.blocking", "zhiyin.client.awaiting"),
    (r"for programs without an event loop", "for event loops"),
    (r"\bIterator\b", "AsyncIterator"),
    (r"\bTransport\(", "AsyncTransport("),
    (r"import Retries, Transport", "import AsyncTransport, Retries"),
    (r"httpx\.Client\b", "httpx.AsyncClient"),
    (r"httpx\.BaseTransport", "httpx.AsyncBaseTransport"),
    (r"__enter__", "__aenter__"),
    (r"__exit__", "__aexit__"),
    (r"    def (?!__init__|_events)(\w+)", r"    async def \1"),
    (r"        self\.close\(\)", "        await self.close()"),
    (r"http\.close\(\)", "http.aclose()"),
    (r"        self\._transport\.http\.aclose", "        await self._transport.http.aclose"),
    (r"return self\._transport\.send\(", "return await self._transport.send("),
    (r"return self\._events\(", "return await self._events("),
    (r"    def _events\(", "    async def _events("),
    (r"= self\._transport\.http\.get", "= await self._transport.http.get"),
    (r"        with self\._transport", "        async with self._transport"),
    (r"response\.read\(\)", "await response.aread()"),
    (r"response\.iter_bytes", "response.aiter_bytes"),
    (r"for (lines|chunk) in (self\._lines|response)", r"async for \1 in \2"),
]


def written(name: str) -> str:
    """The asynchronous module for a synchronous one."""
    text = (FOLDER / "blocking" / name).read_text(encoding="utf-8")
    title = text.split('"""')[1]
    text = text.replace(f'"""{title}"""', f'"""{title}{_HEAD}"""', 1)
    for pattern, replacement in _WORDS:
        text = re.sub(pattern, replacement, text)
    command = [sys.executable, "-m", "ruff"]
    for step in (["check", "--select", "I,F401", "--fix", "-q"], ["format", "-q"]):
        place = str(FOLDER / "awaiting" / name)
        run = [*command, *step, "--stdin-filename", place, "-"]
        text = subprocess.run(run, input=text, capture_output=True, text=True, check=True).stdout
    return text


def main() -> int:
    """Writes or checks."""
    modules = {p.name: written(p.name) for p in sorted((FOLDER / "blocking").glob("*.py"))}
    target = FOLDER / "awaiting"
    if "--check" in sys.argv:
        found = {p.name: p.read_text(encoding="utf-8") for p in target.glob("*.py")}
        return int(found != modules)
    target.mkdir(exist_ok=True)
    for name, text in modules.items():
        (target / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
