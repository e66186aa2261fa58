"""Keys: a provider's key and a server's token are in nothing that is printed, logged or written."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from commands import Run
from fake_server import breaks_off, fails, openai_stream
from fakes import write_corpus
from player import Player, part, playing

from assistant.server.tokens import token_file

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
KEY = "quagga~KEY~7f3e91d0plinth"
TOKEN = "ocelot~TOKEN~5b1dc2aebeacon"
SECRETS = (KEY, TOKEN, "quagga", "7f3e91d0plinth", "ocelot", "5b1dc2aebeacon")
COST = 'What will the "valley dam" cost?'
DEBUG = """
import logging, sys
logging.basicConfig(level=logging.DEBUG, format="%(name)s: %(message)s")
sys.argv[0] = "assistant"
from assistant.cli.main import main
main()
"""
GOLD = (
    '{"id": "g1", "question": "What will the \\"valley dam\\" cost? #good", "type": "lookup", "as_of": null,'
    ' "history": [], "answerable": true, "expect": [["61"]], "evidence": [{"article": "dam", "quote":'
    ' "Parliament approved the valley dam on Tuesday by 61 votes to 38"}]}\n'
)


def echoes(player: Player, prompt: str) -> None:
    """Whatever came as authorization, in a page, as proxies may do."""
    player.send(502, f"<html><body>{player.headers['Authorization']}</body></html>")


PARTS = {
    "wrong": part(fails(401, f"Incorrect API key provided: {KEY}. You can find your key elsewhere.")),
    "forbidden": part(fails(403, f"{KEY} may not use this model")),
    "bad": part(fails(400, f"bad request: {'x' * 190} Bearer {KEY}")),
    "broken": part(fails(500, f"out of order: {KEY}")),
    "page": echoes,
    "cut": part(breaks_off),
    "refusal": part(openai_stream("", refusal=f"I must not, {KEY}.")),
    "busy": part(fails(429, f"{KEY} asks too often", Retry_After="3600")),
}


class Place:
    """A corpus, an index, and an environment with the secrets; what was printed is kept."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.printed: list[str] = []
        write_corpus(folder / "corpus")
        (folder / "work").mkdir()
        paths = {name: str(folder / name) for name in ("data", "config", "home", "state")}
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
            "HOME": paths["home"],
            "XDG_DATA_HOME": paths["data"],
            "XDG_CONFIG_HOME": paths["config"],
            "XDG_STATE_HOME": paths["state"],
            "ASSISTANT_CACHE": os.environ["ASSISTANT_CACHE"],
            "ASSISTANT_CORPUS": str(folder / "corpus"),
            "ASSISTANT_INDEX": str(folder / "index"),
            "ASSISTANT_MODEL": "openai:player",
            "ASSISTANT_BASE_URL": url,
            "ASSISTANT_VERIFY": "exact",
            "ASSISTANT_RERANKER": "none",
            "ASSISTANT_READER": "none",
            "ASSISTANT_TOKEN": TOKEN,
            "OPENAI_API_KEY": KEY,
        }

    def run(self, *arguments: str, said: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":
        """A command at the most talkative of logging's levels."""
        done = subprocess.run(
            [sys.executable, "-c", DEBUG, *arguments],
            env=self.environment | environment,
            cwd=self.folder / "work",
            input=said,
            capture_output=True,
            text=True,
            check=False,
        )
        self.printed += [done.stdout, done.stderr]
        return done

    @contextmanager
    def served(self, **environment: str) -> Iterator[str]:
        """The address of a server."""
        command = [sys.executable, "-c", DEBUG, "serve", "--port", "0"]
        server = subprocess.Popen(
            command,
            env=self.environment | environment,
            cwd=self.folder / "work",
            stderr=subprocess.PIPE,
            text=True,
        )
        assert server.stderr is not None
        lines: list[str] = []
        for line in server.stderr:
            lines.append(line)
            if found := re.search(r"serving .* on (http://\S+)", line):
                break
        else:
            pytest.fail("".join(lines))
        reading = threading.Thread(target=lines.extend, args=[server.stderr])
        reading.start()
        try:
            yield found[1]
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)
            reading.join()
            server.stderr.close()
            self.printed.append("".join(lines))
        assert "assistant.server: POST /ask 200" in self.printed[-1]

    def check(self) -> None:
        """Nothing that was printed or lies here holds a secret."""
        printed, self.printed = self.printed, []
        for text in printed:
            for secret in SECRETS:
                assert secret not in text, text[max(0, text.index(secret) - 500) :][:1000]
        for path in self.folder.rglob("*"):
            if path.is_file():
                data = path.read_bytes()
                assert not [secret for secret in SECRETS if secret.encode() in data], path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with playing(**PARTS) as stage:
        place = Place(tmp_path_factory.mktemp("keys"), stage.url)
        assert place.run("index").returncode == 0
        yield place
        assert set(stage.keys) >= {f"Bearer {KEY}"}  # it was sent where it belongs


def test_a_batch_of_failures(place: Place) -> None:
    lines = [json.dumps({"question": f"{COST} #{name}"}) for name in ("good", *PARTS)]
    done = place.run("ask", "--batch", "-", "--jobs", "8", said="\n".join(lines), ASSISTANT_TIMEOUT="5")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer.get("status") for answer in answers] == ["answered", *(None for _ in PARTS)]
    place.check()


def test_a_chat(place: Place) -> None:
    said = f"{COST} #good\n/why\n{COST} #wrong\n{COST} #bad\n/why\n/sessions\n/model\n"
    done = place.run("chat", "--session", "talk", said=said)
    assert "61 votes" in done.stdout
    assert list((place.folder / "data").rglob("talk.jsonl"))
    place.check()


def test_an_evaluation_that_is_recorded(place: Place) -> None:
    (place.folder / "work" / "gold.jsonl").write_text(GOLD, encoding="utf-8")
    more = ["--gold", "gold.jsonl", "--record", "--report", "report", "--resume", "answers.jsonl"]
    done = place.run("eval", *more)
    assert done.returncode in (0, 1), done.stderr
    assert (place.folder / "work" / "report" / "report.json").is_file()
    assert list((place.folder / "work" / "recordings").rglob("g1.json"))
    place.check()


def test_a_doctor(place: Place) -> None:
    assert "by openai:player" in place.run("doctor").stdout
    place.check()


@pytest.mark.parametrize("tail", ["\n", "\r\nX-More: 1", " ", "—"])
def test_a_key_that_fits_in_no_header(
    place: Place, run: Run, monkeypatch: pytest.MonkeyPatch, tail: str
) -> None:
    """As it comes from a file with a line's end."""
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("OPENAI_API_KEY", f"{KEY}{tail}")
    ended = run("ask", f"{COST} #good")
    line = "assistant: OPENAI_API_KEY is no key: it has a space, a line's end or the like; export it again\n"
    assert ended == (2, "", line)


def test_a_server_and_its_client(place: Place) -> None:
    """The server's token is that of its file."""
    without = {"ASSISTANT_TOKEN": ""}
    with place.served(**without) as url:
        (file,) = (place.folder / "data").rglob(token_file().name)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        token = file.read_text(encoding="ascii").strip()
        for name, status in (("good", 0), ("wrong", 2)):
            assert place.run("ask", f"{COST} #{name}", "--server", url, **without).returncode == status
        assert "refuses the token" in place.run("ask", COST, "--server", url).stderr
        right = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=url, timeout=60) as client:
            for given in (f"Bearer {token}x", f"Basic {token}", token, f"Bearer {token}", f"Bearer {TOKEN}"):
                for path in (f"/{token}", f"/articles/{token}", f"/ask?token={token}&key={KEY}"):
                    reply = client.post(path, headers={"Authorization": given}, json={"question": ""})
                    assert reply.status_code >= 400
                    place.printed.append(reply.text)
            for name in ("good", "bad", "refusal"):
                for stream in (True, False):
                    asked = {"question": f"{COST} #{name}", "stream": stream}
                    place.printed.append(client.post("/ask", headers=right, json=asked).text)
            place.printed.append(client.get("/openapi.json", headers=right).text)
    file.unlink()
    assert not [text for text in place.printed if token in text]
    place.check()


def test_a_server_that_says_the_token(place: Place) -> None:
    """To whoever sent it, as no server of this program does."""
    with playing() as stage:
        stage.RequestHandlerClass = Teller
        asked = place.run("ask", COST, "--server", stage.url)
    assert (asked.returncode, asked.stderr.splitlines()[-1]) == (2, "assistant: not Bearer …")
    place.check()


def test_a_chroma_server_that_says_the_token(place: Place) -> None:
    """At once, and once it has been connected to."""
    with playing() as stage:
        where = {"ASSISTANT_CHROMA": stage.url.removesuffix("/v1"), "ASSISTANT_CHROMA_TOKEN": TOKEN}
        for handler in (Teller, Beating):
            stage.RequestHandlerClass = handler
            ended = place.run("index", "--rebuild", "--index", str(place.folder / "served"), **where)
            assert ended.returncode == 2
            assert ended.stderr.splitlines()[-1].startswith("assistant: ")
            assert "Traceback" not in ended.stderr.replace("httpcore", "")
    place.check()


class Teller(Player):
    """Says the authorization that it was sent."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send(400, json.dumps({"error": f"not {self.headers['Authorization']}"}))

    def do_GET(self) -> None:
        self.send(401, json.dumps({"error": "AuthError", "message": f"not {self.headers['Authorization']}"}))


class Beating(Teller):
    """Answers whether it is there, and refuses the rest."""

    def do_GET(self) -> None:
        if self.path.endswith("/heartbeat"):
            self.send(200, '{"nanosecond heartbeat": 1}')
        else:
            super().do_GET()
