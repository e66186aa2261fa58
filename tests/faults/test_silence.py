"""Silence: commands with local models reach nobody, ask for no name, and write only where they are told to.

Each runs in a network of its own without a way out, with every system call of interest written down. What
is looked at is what a command tries, not what it gets.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from fakes import write_corpus
from faults.conftest import missing

ROOT = Path(__file__).parents[2]
COST = "What will the valley dam cost?"
CALLS = (
    "connect,sendto,sendmsg,sendmmsg,open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat"
)
FOLDERS = {
    "HOME": "home",
    "XDG_CONFIG_HOME": "config",
    "XDG_STATE_HOME": "state",
    "XDG_DATA_HOME": "data",
    "XDG_CACHE_HOME": "cache",
    "TMPDIR": "tmp",
}
GOLD = (
    '{"id": "g1", "question": "What will the valley dam cost?", "type": "lookup", "as_of": null,'
    ' "history": [], "answerable": true, "expect": [["90 billion"]], "evidence": [{"article": "dam", "quote":'
    ' "The dam will cost 90 billion crowns, said energy minister Ilse Brandt."}]}\n'
    '{"id": "g2", "question": "How many passengers did the ferry have?", "type": "lookup", "as_of": null,'
    ' "history": [], "answerable": true, "expect": [["212"]], "evidence": [{"article": "ferry", "quote":'
    ' "with 212 passengers on board"}]}\n'
)
INSIDE = (
    'ip link set lo up; mount --bind "$1" /etc/resolv.conf; cd "$2"; '
    'exec strace -f --seccomp-bpf -qq -s 300 -o "$3" -e "trace=$4" -- "${@:5}"'
)
SERVE = """
import re, subprocess, sys
command = [sys.executable, "-m", "assistant"]
start = [*command, "serve", "--port", "0", *sys.argv[2:]]
with subprocess.Popen(start, stderr=subprocess.PIPE, text=True) as server:
    url = next(filter(None, (re.search(r"on (http://\\S+)", line) for line in server.stderr)))[1]
    asked = subprocess.run([*command, "ask", sys.argv[1], "--server", url])
    server.terminate()
sys.exit(server.returncode or asked.returncode)
"""
MCP = """
import json, subprocess, sys
hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
call = {"name": "ask", "arguments": {"question": sys.argv[1]}}
said = [("initialize", hello, 1), ("notifications/initialized", {}, None), ("tools/call", call, 2)]
start = [sys.executable, "-m", "assistant", "mcp", *sys.argv[2:]]
with subprocess.Popen(start, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
    for method, params, number in said:
        line = {"jsonrpc": "2.0", "method": method, "params": params}
        print(json.dumps(line | ({"id": number} if number else {})), file=server.stdin, flush=True)
    print(next(line for line in server.stdout if json.loads(line).get("id") == 2))
    server.stdin.close()
sys.exit(server.returncode)
"""


class Heard(NamedTuple):
    """What a command printed, the addresses and names it tried, and what it wrote where it should not."""

    status: int
    printed: str
    reached: list[str]
    written: list[str]


class Room:
    """A place without a network, and with folders of its own."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self.folder, self._cache = folder, cache
        for name in (*FOLDERS.values(), "work"):
            (folder / name).mkdir()
        write_corpus(folder / "corpus")
        (folder / "gold.jsonl").write_text(GOLD, encoding="utf-8")
        # An address that nobody has: a name that is asked for is seen, and not found.
        (folder / "resolv.conf").write_text("nameserver 192.0.2.1\n", encoding="utf-8")

    def run(self, *command: str, said: str = "", allowed: tuple[str, ...] = ()) -> Heard:
        """Python with these arguments; `allowed` are more paths that may be written to."""
        log, work = self.folder / "log", self.folder / "work"
        environment = {name: str(self.folder / folder) for name, folder in FOLDERS.items()} | {
            "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin",
            "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
            "PYTHONDONTWRITEBYTECODE": "1",
            "LANG": "C.UTF-8",
            "ASSISTANT_CACHE": str(self._cache),
        }
        places = [str(self.folder / "resolv.conf"), str(work), str(log), CALLS]
        done = subprocess.run(
            ["unshare", "-rnm", "bash", "-ec", INSIDE, "bash", *places, sys.executable, *command],
            env=environment,
            input=said,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        own = tuple(str(self.folder / name) for name in ("data/news-assistant", "tmp"))
        free = (*own, str(self._cache), "/dev/", "/proc/", *allowed)
        return Heard(done.returncode, done.stdout, list(reached(lines)), list(written(lines, free)))

    @property
    def left(self) -> set[str]:
        """What lies in the fresh folders, apart from the data's."""
        names = ("home", "config", "state", "cache", "tmp", "work")
        return {
            str(path.relative_to(self.folder)) for name in names for path in (self.folder / name).rglob("*")
        }


def reached(lines: list[str]) -> Iterator[str]:
    """The calls that address another machine, or ask for a name."""
    for line in lines:
        address = re.search(r'sa_family=AF_INET6?\b.*?(?:inet_addr\(|AF_INET6, )"([^"]+)"', line)
        there = address is not None and not address[1].startswith("127.") and address[1] != "::1"
        if there or re.search(r'"/etc/resolv\.conf"|nscd/socket|systemd\.resolve|systemd/resolve', line):
            yield line


def written(lines: list[str], free: tuple[str, ...]) -> Iterator[str]:
    """The files and folders that were made or opened for writing, outside of the free ones."""
    for line in lines:
        call = re.match(r"\d+ +(\w+)\(", line)
        if not call or " = -1 " in line or call[1] in ("connect", "sendto", "sendmsg", "sendmmsg"):
            continue
        if call[1] in ("open", "openat") and not re.search(r"O_WRONLY|O_RDWR|O_CREAT", line):
            continue
        # Of two names, the last is the one that is made.
        path = re.findall(r'"([^"]*)"', line)[-1]
        if not path.startswith(free):
            yield f"{call[1]} {path}"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Room:
    tried = "PATH=$PATH:/usr/sbin:/sbin; ip link set lo up && strace -qq -e trace=none true"
    command = ["unshare", "-rnm", "bash", "-c", tried]
    if not shutil.which("unshare") or subprocess.run(command, capture_output=True, check=False).returncode:
        missing(
            "no network namespaces or no strace here",
            "apt-get install strace iproute2 util-linux, and let users have namespaces:"
            " sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
        )
    room = Room(tmp_path_factory.mktemp("silence"), Path(os.environ["ASSISTANT_CACHE"]))
    # First, so that the others find an index.
    assert_silent(room.run("-m", "assistant", "index", *place(room)), "read 3 articles")
    return room


def place(room: Room) -> list[str]:
    return ["--corpus", str(room.folder / "corpus")]


def assert_silent(heard: Heard, words: str) -> None:
    assert heard.status == 0, heard.printed
    assert words in heard.printed
    assert heard.reached == []
    assert heard.written == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "said", "words"),
    [
        (["search", "ferry ran aground"], "", "Ferry runs aground"),
        (["ask", COST, "--model", "extractive"], "", "90 billion crowns"),
        (["timeline", "ferry"], "", "ran aground"),
        (["brief", "ferry", "--model", "extractive"], "", "ran aground"),
        (["doctor"], "", "3 articles"),
        (["chat", "--model", "extractive", "--session", "talk"], f"{COST}\n/why\n", "90 billion crowns"),
        pytest.param(
            ["ask", COST], "", "90 billion crowns", marks=[pytest.mark.model, pytest.mark.timeout(600)]
        ),
    ],
    ids=["search", "extractive", "timeline", "brief", "doctor", "chat", "embedded"],
)
def test_a_command_reaches_nobody(room: Room, command: list[str], said: str, words: str) -> None:
    assert_silent(room.run("-m", "assistant", *command, *place(room), said=said), words)
    assert {name for name in room.left if not name.startswith("work/report")} == set()


@pytest.mark.slow
@pytest.mark.parametrize("code", [SERVE, MCP], ids=["serve", "mcp"])
def test_a_server_reaches_nobody(room: Room, code: str) -> None:
    assert_silent(room.run("-c", code, COST, *place(room), "--model", "extractive"), "90 billion crowns")


@pytest.mark.slow
def test_an_evaluation_writes_its_report_and_nothing_else(room: Room) -> None:
    report = str(room.folder / "work" / "report")
    gold = ["--gold", str(room.folder / "gold.jsonl"), "--report", report]
    heard = room.run(
        *("-m", "assistant", "eval", "--live", "--model", "extractive", *gold, *place(room)),
        allowed=(report,),
    )
    assert heard.status in (0, 1), heard.printed  # two cases are too few for a verdict
    assert "100%" in heard.printed
    assert (heard.reached, heard.written) == ([], [])
    assert {name.partition("/")[0] for name in room.left} == {"work"}
    assert (room.folder / "work" / "report" / "report.html").is_file()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "sign"),
    [
        ("import socket; socket.socket().connect_ex(('192.0.2.7', 80))", "192.0.2.7"),
        ("import socket; socket.socket(type=socket.SOCK_DGRAM).connect_ex(('192.0.2.7', 80))", "192.0.2.7"),
        ("import socket; socket.socket(socket.AF_INET6).connect_ex(('2001:db8::7', 80))", "2001:db8::7"),
        ("import socket\ntry: socket.getaddrinfo('news.invalid', 80)\nexcept OSError: pass", "resolv.conf"),
    ],
)
def test_what_reaches_somebody_is_heard(room: Room, code: str, sign: str) -> None:
    """The test of the tests."""
    heard = room.run("-c", code)
    assert any(sign in line for line in heard.reached), heard.printed
    here = "import socket; socket.socket().connect_ex(('127.0.0.1', 9))"
    assert room.run("-c", here).reached == []


def test_what_is_missing_is_passed_over_by_people_and_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no strace; install it"):
        missing("no strace", "install it")
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match="no strace"):
        missing("no strace", "install it")


@pytest.mark.slow
def test_what_is_written_elsewhere_is_seen(room: Room) -> None:
    home = room.folder / "home"
    code = "import os, sys; os.chdir(sys.argv[1]); os.mkdir('s'); open('s/a', 'w'); os.rename('s/a', 's/b')"
    assert room.run("-c", code, str(home)).written == ["mkdir s", "openat s/a", "rename s/b"]
    assert room.left >= {"home/s", "home/s/b"}
    shutil.rmtree(home / "s")
