"""A Chroma server, a writer and a reader on hosts of their own: whichever link fails, questions get one whole
state or an error of one line, and nothing is sent but to the server.

The hosts are network namespaces. A bridge leads to the server's port; what else is sent is counted, and lost.
"""

import json
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen, check_output
from typing import Any

import pytest
from commands import Ended
from fakes import write_corpus
from faults.conftest import missing
from faults.corpora import write

from assistant.index.vectors.connection import PATIENCE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SERVER = "http://10.77.0.1:8000"
CONNECT = "import socket, time\nwhile socket.socket().connect_ex(('10.77.0.1', 8000)): time.sleep(0.1)"
INDEX, SEARCH = ("-m", "assistant", "index"), ("-m", "assistant", "search", "--json")
QUESTION = "a passage of a generation"
BOUND = PATIENCE + 60  # seconds: on a busy machine a command takes long to start

NETWORK = """
mount -t tmpfs none /run
[ -e /etc/resolv.conf ] || install -D /dev/null "$(readlink -m /etc/resolv.conf)"
mount --bind "$1" /etc/resolv.conf
ip link add hub up type bridge
number=0
for host in server writer reader; do
    inside() { ip -n $host "$@"; }
    ip netns add $host
    ip link add to-$host up master hub type veth peer name eth0 netns $host
    ip link add out-$host up type veth peer name elsewhere netns $host
    inside link set lo up
    inside link set eth0 up
    # What the kernel itself says to its neighbours is not counted.
    inside link set elsewhere arp off multicast off addrgenmode none up
    inside address add 10.77.0.$((number += 1))/24 dev eth0
    inside address add fd77::$number/128 dev elsewhere nodad
    inside rule add pref 1 to 10.77.0.1 ipproto tcp dport 8000 lookup main
    inside rule add pref 1 from 10.77.0.1 ipproto tcp sport 8000 lookup main
    inside route add unreachable default
    inside rule add pref 2 lookup 100
    inside route add default dev elsewhere table 100
    inside -6 route add default dev elsewhere
done
echo ready; exec cat
"""


class Network:
    """The hosts, and what runs on them; they share the disk. Raises OSError where there can be none."""

    def __init__(self, folder: Path) -> None:
        names = folder / "resolv.conf"  # another host's address, so that a name that is asked for is counted
        names.write_text("nameserver 192.0.2.1\noptions timeout:1 attempts:1\n", encoding="ascii")
        self._environment = os.environ | {
            "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin",
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "ASSISTANT_RERANKER": "none",
            "ASSISTANT_READER": "none",
        }
        hold = ["unshare", "-rnm", "bash", "-ec", NETWORK, "bash", str(names)]
        # The namespaces end with it, and with the last process in them.
        self.held = Popen(hold, stdin=PIPE, stdout=PIPE, env=self._environment, text=True)
        assert self.held.stdout
        if self.held.stdout.readline() != "ready\n":
            with self.held:
                raise OSError("a namespace, a link or a rule could not be made")

    def _inside(self, *words: str) -> list[str]:
        return [*f"nsenter -t {self.held.pid} --user --net --mount --preserve-credentials".split(), *words]

    def _ip(self, command: str) -> str:
        return check_output(self._inside("ip", *command.split()), env=self._environment, text=True)

    @contextmanager
    def without(self, link: str) -> Iterator[None]:
        """While a link is down, named as `ip` does."""
        self._ip(f"{link} down")
        try:
            yield
        finally:
            self._ip(f"{link} up")

    def sent_elsewhere(self) -> list[int]:
        """How many packets of each host were neither for the server's port nor from there."""
        shown = [self._ip(f"-n {host} -s -j link show elsewhere") for host in ("server", "writer", "reader")]
        return [json.loads(one)[0]["stats64"]["tx"]["packets"] for one in shown]

    def start(self, host: str, *command: str, server: str = SERVER, output: int = PIPE) -> Popen[str]:
        """Python on a host."""
        return Popen(
            self._inside("ip", "netns", "exec", host, sys.executable, *command),
            stdin=PIPE, stdout=output, stderr=output, text=True,
            env=self._environment | {"ASSISTANT_CHROMA": server},
        )  # fmt: skip

    def run(self, host: str, *command: str, server: str = SERVER) -> Ended:
        """Python on a host, from start to end."""
        return ended(self.start(host, *command, server=server))


def ended(running: Popen[str]) -> Ended:
    """How a command ended, once it has."""
    try:
        out, err = running.communicate(timeout=300)
    finally:
        running.kill()
    return Ended(running.returncode, out, err)


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """The network, with a Chroma server that answers."""
    folder = tmp_path_factory.mktemp("apart")
    try:
        network = Network(folder)
    except OSError as error:
        missing(f"no network namespaces here: {error}", "apt-get install iproute2, or let users have them")
    chroma = [str(Path(sys.executable).with_name("chroma")), "run", "--host", "10.77.0.1", "--path"]
    with network.held, network.start("server", *chroma, str(folder), output=DEVNULL) as server:
        try:
            assert network.run("server", "-c", CONNECT).status == 0
            yield network
        finally:
            server.terminate()


@pytest.fixture
def network(hosts: Network) -> Iterator[Network]:
    """The network. Afterwards nothing was sent but to the server."""
    before = hosts.sent_elsewhere()
    yield hosts
    assert hosts.sent_elsewhere() == before


def ask(reader: Popen[str]) -> dict[str, Any]:
    """The reply to one more line of a batch."""
    assert reader.stdin
    assert reader.stdout
    reader.stdin.write(json.dumps({"question": QUESTION}) + "\n")
    reader.stdin.flush()
    return dict(json.loads(reader.stdout.readline()))


def generation(passages: list[Any]) -> str:
    """What all of them say of themselves."""
    [said] = set(re.findall(r"generation (\w+)", json.dumps(passages)))
    return str(said)


def test_a_reader_finds_what_it_finds_in_an_index_of_its_own(network: Network, tmp_path: Path) -> None:
    corpus, found = write_corpus(tmp_path / "corpus"), []
    for host, server in (("writer", SERVER), ("reader", "")):
        place = ["--corpus", str(corpus), "--index", str(tmp_path / host)]
        assert network.run(host, *INDEX, *place, server=server).status == 0
        done = network.run("reader", *SEARCH, QUESTION, "--explain", *place, server=server)
        assert (done.status, done.err) == (0, "")
        found.append(json.loads(done.out) | {"seconds": None})
    assert found[0] == found[1]
    assert found[0]["passages"][0]["ranks"]["dense"] == 1


def test_a_reader_sees_one_state_while_another_host_writes(network: Network, tmp_path: Path) -> None:
    one, two = (write(tmp_path / name, name, "abcdef") for name in ("one", "two"))
    index = ["--index", str(tmp_path / "index"), "--corpus"]
    assert network.run("writer", *INDEX, *index, str(one)).status == 0
    with network.start("reader", *SEARCH, "--explain", "--batch", "-", *index, str(one)) as reader:
        seen = [ask(reader)["passages"]]
        with network.start("writer", *INDEX, *index, str(two)) as writer:
            while writer.poll() is None:
                seen.append(ask(reader)["passages"])
            assert ended(writer).status == 0
        seen.append(ask(reader)["passages"])
        assert ended(reader).status == 0
    turn = seen.index(seen[-1])
    assert (generation(seen[0]), generation(seen[-1]), turn > 1) == ("one", "two", True)
    assert seen == [seen[0]] * turn + [seen[-1]] * (len(seen) - turn)


def test_a_reader_without_a_link_says_so_and_works_again(network: Network, tmp_path: Path) -> None:
    index = ["--index", str(tmp_path / "index"), "--corpus", str(write_corpus(tmp_path / "corpus"))]
    assert network.run("writer", *INDEX, *index).status == 0
    with network.start("reader", *SEARCH, "--batch", "-", *index) as reader:
        before = ask(reader)["passages"]
        for link in ("-n reader link set eth0", "link set to-server"):
            with network.without(link):
                begun = time.monotonic()
                done = network.run("reader", *SEARCH, QUESTION, *index)
                if "server" in link:  # to the reader all looks up, and nothing comes back
                    assert "does not answer" in ask(reader)["error"]
                assert time.monotonic() - begun < BOUND
            assert (done.status, done.out) == (2, "")
            assert re.fullmatch(rf"assistant: no Chroma server answers at {SERVER} \(.+\n", done.err)
            assert ask(reader)["passages"] == before
            assert json.loads(network.run("reader", *SEARCH, QUESTION, *index).out)["passages"] == before
        assert ended(reader).status == 2


def test_a_run_whose_link_fails_is_finished_by_the_next(network: Network, tmp_path: Path) -> None:
    # Of three batches; the first is committed when it is told.
    one, two = (write(tmp_path / name, name, "abcdefghijklmnopqr", 30) for name in ("one", "two"))
    index = ["--index", str(tmp_path / "index"), "--corpus"]

    def found() -> str:
        done = network.run("reader", *SEARCH, QUESTION, *index, str(one))
        return generation(json.loads(done.out)["passages"])

    assert network.run("writer", *INDEX, *index, str(one)).status == 0
    with network.start("writer", *INDEX, *index, str(two)) as writer:
        assert writer.stderr
        assert writer.stderr.readline() == "embedding passages: 0/540\n"
        assert writer.stderr.readline()
        with network.without("-n writer link set eth0"):
            begun = time.monotonic()
            assert found() == "one"
            failed = ended(writer)
            assert time.monotonic() - begun < BOUND
    assert (failed.status, failed.out) == (2, "")
    assert re.fullmatch(r"(embedding .+\n)*assistant: the Chroma server .+ does not answer .+\n", failed.err)
    assert found() == "one"
    done = network.run("writer", *INDEX, *index, str(two))
    assert re.search(r" 0 removed, [1-9]\d* unchanged; 540 passages", done.out), done  # those of the first
    assert found() == "two"


def test_what_is_sent_elsewhere_is_counted(hosts: Network) -> None:
    """The test of the tests."""
    for code in (
        "socket.socket().connect_ex(('10.77.0.2', 8000))",
        "socket.socket(socket.AF_INET6).connect_ex(('2001:db8::7', 80))",
        "socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('192.0.2.7', 80))",
        "socket.getaddrinfo('news.invalid', 80)",
    ):
        before = hosts.sent_elsewhere()[2]
        hosts.run("reader", "-c", f"import signal, socket; signal.alarm(2); {code}")  # nobody replies
        assert hosts.sent_elsewhere()[2] > before, code
