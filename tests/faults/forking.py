"""A process that imports everything once, and does each piece of work in a copy of itself (fork)."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def serve(work: Callable[[str], str]) -> None:
    """For each line of standard input: `work` in a process of its own; prints its exit status and what it
    gave, as a line of JSON."""
    for line in sys.stdin:
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            status = 1
            with contextlib.suppress(BaseException):
                os.dup2(write, 1)
                os.dup2(write, 2)
                try:
                    print(work(line.strip()), flush=True)
                    status = 0
                except BaseException as error:
                    print(f"{type(error).__name__}: {error}", flush=True)
            os._exit(status)
        os.close(write)
        with os.fdopen(read, errors="replace") as pipe:
            said = pipe.read()
        _, ended = os.waitpid(child, 0)
        print(json.dumps([os.waitstatus_to_exitcode(ended), said.strip()]), flush=True)


@contextmanager
def server(script: str) -> Iterator[Callable[[str], tuple[int, str]]]:
    """Starts a script of this folder that calls `serve`; the function gives it a line to work on."""
    paths = [str(Path(__file__).parent), *filter(None, sys.path)]
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name(script))],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
    ) as process:  # fmt: skip

        def work(line: str) -> tuple[int, str]:
            assert process.stdin
            assert process.stdout
            process.stdin.write(line + "\n")
            process.stdin.flush()
            status, said = json.loads(process.stdout.readline())
            return status, said

        yield work
        process.stdin.close()
