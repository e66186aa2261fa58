"""Workers: Ray actors that keep what is slow to load, each given one thing at a time.

Plain actors rather than Ray Data, which makes its own blocks of rows: here a batch stays the batch of a local
run, comes back in its place, and is the unit that is done again. If a worker dies, Ray starts it anew and
repeats the one call that it was in.
"""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import socket
import sys
import tempfile
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from queue import SimpleQueue
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from assistant.errors import AssistantError, ServerError, reason
from assistant.extras import require
from assistant.models.cores import usable_cores
from assistant.settings import Settings
from assistant.telemetry import SILENT

Item = TypeVar("Item")
Made = TypeVar("Made")

LOCAL = "local"
"""The address that starts Ray on this machine's cores, for this run."""

RETRIES = 3
"""Times that a call is repeated because its worker died."""

PATIENCE = 300
"""Seconds in which a worker must have started and loaded its models; others get as long again."""

SOON = 5
"""Seconds in which a cluster must answer."""

OBJECTS = 256 << 20
"""Bytes of shared memory for what travels; Ray would take a third of all memory."""

LOCK = "assistant.lock"
"""A file in the folder of Ray's sockets and logs, held until its process ends, however it does."""

log = logging.getLogger(__name__)

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",
    "RAY_DISABLE_FAILURE_SIGNAL_HANDLER": "1",
}
"""No reports to Ray's makers; what its processes log stays out of standard output, where answers go; and no
trace of the stack at a signal."""


@cache
def _own() -> dict[str, str]:
    """For a Ray of this process alone: on the loopback interface, and with a secret that is written nowhere.

    Always the same one, because Ray remembers the first that it read.
    """
    return {
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # its name notwithstanding, the switch for loopback
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
    }


class Worker:
    """Base of what runs as an actor.

    Loads in properties and not when made, so that an error comes back as it is.
    """

    def __init__(self, settings: Settings, folder: Path) -> None:
        """`folder` is where the command was given; relative paths are meant from there."""
        os.environ.update(SILENT)
        with suppress(OSError):  # another machine may not have it
            os.chdir(folder)
        self.settings = settings

    def load(self) -> None:
        """Loads everything a call needs. Raises AssistantError."""
        raise NotImplementedError


class Workers:
    """Actors of one kind; several threads may call at once."""

    def __init__(self, actors: Iterable[Any]) -> None:
        self._idle: SimpleQueue[Any] = SimpleQueue()
        for actor in actors:
            self._idle.put(actor)
        self.count = self._idle.qsize()

    def call(self, method: str, *arguments: Any) -> Any:
        """The result of a method of whichever worker is idle first.

        Raises what the method raises, and ServerError if workers die again and again.
        """
        actor = self._idle.get()
        try:
            return _result(getattr(actor, method).remote(*arguments))
        finally:
            self._idle.put(actor)

    def map(self, function: Callable[[Item], Made], items: Iterable[Item]) -> Iterator[Made]:
        """The function's results, in the order of the items, with as many at a time as there are workers.

        Takes items as they are needed: two for each worker ahead.
        """
        pool = ThreadPoolExecutor(self.count, "ray")
        try:
            coming: deque[Future[Made]] = deque()
            for item in items:
                coming.append(pool.submit(function, item))
                if len(coming) > 2 * self.count:
                    yield coming.popleft().result()
            while coming:
                yield coming.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def workers(
    address: str, kind: type[Worker], settings: Settings, *more: Any, gpu: bool = False
) -> Iterator[Workers]:
    """Workers on all cores that are free, made as `kind(settings, folder, *more)`.

    Each has one thread, or as many as the settings say, and a GPU of its own if one is wanted (`gpu`) and
    there is any. Raises ServerError, and what `Worker.load` raises.
    """
    with connected(address):
        import ray

        there = ray.cluster_resources()
        threads = settings.threads or 1
        gpus = int(there.get("GPU", 0)) if gpu else 0
        needs = {"num_cpus": threads, "num_gpus": 1 if gpus else 0}
        count = min(int(there.get("CPU", 0)) // threads, gpus or sys.maxsize)
        if count < 1:
            raise ServerError(f"the Ray cluster at {address} has not {threads} cores; set fewer threads")
        rate = settings.requests_per_minute
        own = {"threads": threads, "requests_per_minute": rate and rate / count}
        settings = settings.model_copy(update=own)
        actor: Any = ray.remote(max_restarts=-1, max_task_retries=RETRIES, **needs)(kind)
        actors = [actor.remote(settings, Path.cwd(), *more) for _ in range(count)]
        try:
            loads = {one.load.remote(): one for one in actors}
            start = monotonic()
            if not ray.wait(list(loads), timeout=PATIENCE)[0]:
                raise ServerError(
                    f"no core of the Ray cluster at {address} was free for {PATIENCE} s; try again later"
                )
            loaded, _ = ray.wait(list(loads), num_returns=count, timeout=monotonic() - start + SOON)
            for load in loaded:
                _result(load)
            yield Workers(loads[load] for load in loaded)
        finally:
            for one in actors:
                ray.kill(one)


@contextmanager
def connected(address: str) -> Iterator[None]:
    """Ray, until the block ends; what is connected already is used, and left so."""
    check_installed()
    os.environ.update(_QUIET | (_own() if address == LOCAL else {}))
    import ray

    if ray.is_initialized():
        yield
        return
    options: dict[str, Any] = {"logging_level": logging.CRITICAL, "log_to_driver": False}
    with ExitStack() as stack:
        if address == LOCAL:
            options |= {"num_cpus": usable_cores(), "include_dashboard": False}
            options |= {"object_store_memory": OBJECTS, "_temp_dir": stack.enter_context(_folder())}
        try:
            _check_answers(address)
            with warnings.catch_warnings(action="ignore"):
                _start(address, options)
        except Exception as error:  # Ray has bare exceptions for some failures
            raise ServerError(
                f"Ray does not start ({reason(error)}); try again when the machine is less busy"
                if address == LOCAL
                else f"no Ray cluster can be used at {address} ({reason(error)}); "
                "start one with: ray start --head, or give --ray local"
            ) from None
        stack.callback(ray.shutdown)
        yield


def _check_answers(address: str) -> None:
    """Raises OSError if nothing answers at a host and port: Ray would try for minutes."""
    if address == "auto":
        address = os.environ.get("RAY_ADDRESS", address)
    place = urlsplit(f"//{address.removeprefix('ray://')}")
    if place.hostname and place.port:
        socket.create_connection((place.hostname, place.port), SOON).close()


def _start(address: str, options: dict[str, Any]) -> None:
    """Connects, or starts Ray. Beside other work its processes are sometimes not there in time, so a start is
    tried twice."""
    import ray

    try:
        ray.init(address, **options)
    except Exception as error:
        if address != LOCAL:
            raise
        log.info("Ray does not start (%s), trying once more", reason(error))
        ray.shutdown()
        ray.init(address, **options)


@contextmanager
def _folder() -> Iterator[str]:
    """For Ray's sockets and logs, seen by this user only; those of runs that were killed are removed."""
    where = "/tmp" if os.name == "posix" else None  # sockets need a short path
    made = tempfile.TemporaryDirectory(prefix="ray-", dir=where, ignore_cleanup_errors=True)
    with made as folder, FileLock(Path(folder, LOCK)):
        owner = Path(folder).stat().st_uid
        for other in Path(folder).parent.glob("ray-*"):
            with suppress(OSError, Timeout):  # what another user made may lead anywhere
                if other.lstat().st_uid == owner and (other / LOCK).is_file():
                    with FileLock(other / LOCK, timeout=0):
                        shutil.rmtree(other, ignore_errors=True)
        yield folder


def check_installed() -> None:
    """Raises ExtraMissing if Ray is not installed."""
    require("ray", "--ray")


def _result(call: Any) -> Any:
    """What a call returns. Raises what it raised in the worker."""
    import ray
    from ray.exceptions import RayError, RayTaskError

    try:
        return ray.get(call)
    except RayTaskError as error:
        if isinstance(error.cause, (AssistantError, OSError)):
            raise error.cause from None
        raise
    except RayError as error:
        raise ServerError(
            f"workers of the Ray cluster die ({reason(error)}); look at their memory and at Ray's logs"
        ) from None


def here() -> str:
    """The name of the machine a worker runs on, for its errors."""
    return socket.gethostname()
