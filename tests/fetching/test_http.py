"""The client: what is refused, how long it waits, and when it stops."""

import gzip
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from adder import Adding
from fake_site import Site, article, drips, drips_headers, hangs, redirect

from assistant.errors import AssistantError, FetchError, FetchRefused
from assistant.extras import require
from assistant.fetching.addresses import is_public, target_of
from assistant.fetching.http import Client
from assistant.fetching.replies import Limits


def client(**options: Any) -> Client:
    return Client(**{"allow_private": True, "pause": 0.0} | options)


# Addresses


@pytest.mark.parametrize(
    "address",
    """127.0.0.1 127.8.8.8 0.0.0.0 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 224.0.0.1
    240.0.0.1 255.255.255.255 ::1 :: fe80::1 fe80::1%eth0 fc00::1 fec0::1 ff02::1
    ::ffff:127.0.0.1 ::ffff:10.0.0.1 2002:7f00:0001::
    64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b:1::7f00:1 ::127.0.0.1 ::ffff:0:10.0.0.1
    2001:db8::1 nonsense""".split(),
)
def test_private_addresses(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("file:///etc/passwd", "scheme"),
        ("ftp://example.org/x", "scheme"),
        ("gopher://example.org/x", "scheme"),
        ("javascript://example.org/%0aalert(1)", "scheme"),
        ("https://user:secret@example.org/", "password"),
        ("https:///news", "no address"),
        ("http://[::1/", "no address"),
        ("http://example.org:99999/", "no address"),
    ],
)
def test_addresses_that_are_refused(url: str, kind: str) -> None:
    with pytest.raises(FetchRefused) as refused:
        target_of(url)
    assert refused.value.kind == kind


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("HTTP://Example.ORG", "http://example.org/"),
        ("http://example.org:80/a#b", "http://example.org/a"),
        ("https://example.org:8443/a b?q=ü", "https://example.org:8443/a%20b?q=%C3%BC"),
        ("https://example.org/a?utm_source=x&id=7&fbclid=y", "https://example.org/a?id=7"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("http://[::1]:8000/x", "http://[::1]:8000/x"),
    ],
)
def test_one_spelling(url: str, normal: str) -> None:
    assert target_of(url).url == normal


@pytest.mark.parametrize(
    "host",
    """127.0.0.1 localhost localhost. LOCALHOST 2130706433 0x7f.1 0x7f000001 0177.0.0.1 017700000001 127.1
    0 0.0.0.0 127.0.0.1. [::1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [64:ff9b::127.0.0.1] [2002:7f00:1::]
    ①②⑦.⓪.⓪.① 127。0。0。1
    """.split(),
)
def test_this_machine_is_refused_by_any_name(news_site: Site, adding: Adding, host: str) -> None:
    port = news_site.url.rpartition(":")[2]
    tally = adding.add(f"http://{host}:{port}/dam", allow_private=False)
    assert tally.refused | tally.failed in (
        {"private address": 1},
        {"no such host": 1},
        {"no address": 1},
    )
    assert not news_site.asked


def test_a_name_of_a_private_address_is_refused(news_site: Site, adding: Adding) -> None:
    news_site.pages["/dam"] = article("Dam")
    url = f"http://news.example:{news_site.url.rpartition(':')[2]}/dam"
    options: Any = {"resolve": lambda host, port: ["127.0.0.1"]}
    assert adding.add(url, allow_private=False, **options).refused == {"private address": 1}
    assert "--allow-private" in adding.notices[0]
    assert not news_site.asked
    assert adding.add(url, **options).fetched == 1
    assert news_site.hosts == {url.removeprefix("http://").removesuffix("/dam")}


def test_names_are_resolved_once_and_connections_go_there(
    news_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a name server could tell a public address to who checks, and a private one to who connects."""
    answers = iter([["8.8.8.8"], ["127.0.0.1"], ["127.0.0.1"]])
    reached = []

    def connect(address: Any, *_: Any, **__: Any) -> Any:
        reached.append(address)
        raise OSError("no route")

    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)
    rebinding = client(allow_private=False, resolve=lambda host, port: next(answers))
    with pytest.raises(FetchError, match="no route"):
        rebinding.get("http://news.example/dam")
    assert reached == [("8.8.8.8", 80)]
    with pytest.raises(FetchRefused, match="private address"):
        client(allow_private=False, resolve=lambda host, port: next(answers)).get("http://news.example/dam")
    assert len(reached) == 1


def test_a_redirect_to_a_private_address_is_refused(news_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The site itself passes as public, by a name; where it sends to does not."""
    port = news_site.url.rpartition(":")[2]
    news_site.pages |= {"/out": redirect(f"http://inner.example:{port}/secret"), "/secret": "secret"}
    monkeypatch.setattr("assistant.fetching.addresses.is_public", lambda address: address == "127.0.0.1")
    resolve = {"news.example": ["127.0.0.1"], "inner.example": ["10.0.0.1"]}
    with pytest.raises(FetchRefused) as refused:
        client(allow_private=False, resolve=lambda host, port: resolve[host]).get(
            f"http://news.example:{port}/out"
        )
    assert refused.value.kind == "private address"
    assert "/secret" not in dict(news_site.asked)


@pytest.mark.parametrize(
    "to",
    [
        "file:///etc/passwd",
        "ftp://example.org/",
        "https://a:b@example.org/",
        "http://[",
        "//[x",
        "http://a\u2100b.example/".encode().decode("latin-1"),
        "http://example.org:99999999/",
    ],
)
def test_redirects_out_of_the_web_are_refused(news_site: Site, to: str) -> None:
    news_site.pages["/out"] = redirect(to)
    with pytest.raises(FetchRefused):
        client().get(f"{news_site.url}/out")


def test_redirects_in_other_scripts(news_site: Site) -> None:
    news_site.pages["/a"] = redirect("/плотина".encode().decode("latin-1"))
    news_site.pages["/%D0%BF%D0%BB%D0%BE%D1%82%D0%B8%D0%BD%D0%B0"] = "dam"
    assert client().get(f"{news_site.url}/a").data == b"dam"


def test_redirects_end(news_site: Site) -> None:
    news_site.pages |= {"/a": redirect("/b", 307), "/b": redirect("/a", 308)}
    with pytest.raises(FetchRefused, match="redirects"):
        client().get(f"{news_site.url}/a")
    assert len(news_site.asked) == 7  # robots.txt, the page and five redirects


# Robots and pace


def test_robots(news_site: Site, adding: Adding) -> None:
    news_site.pages |= {
        "/robots.txt": "User-agent: *\nDisallow: /private\n\nUser-agent: other\nDisallow: /",
        "/private/dam": article("Dam"),
        "/open": article("Open"),
        "/sneaky": redirect("/private/dam"),
    }
    urls = [news_site.url + path for path in ("/open", "/private/dam", "/sneaky")]
    tally = adding.add(*urls)
    assert str(tally).endswith("2 refused (2 robots.txt), 0 failed")
    assert tally.fetched == 1
    assert "/private/dam" not in dict(news_site.asked)
    assert [path for path, _ in news_site.asked].count("/robots.txt") == 1
    (agent,) = news_site.agents
    assert agent.startswith("news-assistant/")


@pytest.mark.parametrize(("status", "kind"), [(404, None), (403, None), (500, "robots.txt unreadable")])
def test_robots_that_cannot_be_read(news_site: Site, adding: Adding, status: int, kind: str | None) -> None:
    news_site.pages |= {"/robots.txt": lambda handler: handler.send(status, b""), "/dam": article("Dam")}
    assert adding.add(f"{news_site.url}/dam").failed == ({kind: 1} if kind else {})


def test_a_long_robots_is_read_as_far_as_it_counts(news_site: Site, adding: Adding) -> None:
    news_site.pages |= {"/robots.txt": "User-agent: *\nDisallow: /dam\n" + "# more\n" * 100_000}
    assert adding.add(f"{news_site.url}/dam").refused == {"robots.txt": 1}


def test_a_host_is_asked_once_a_second(news_site: Site) -> None:
    news_site.pages |= {f"/{number}": article("Dam") for number in range(3)}
    slow = client(pause=0.2)
    for number in range(3):
        slow.get(f"{news_site.url}/{number}")
    gaps = [later - earlier for earlier, later in zip(news_site.times, news_site.times[1:], strict=False)]
    assert len(gaps) == 3
    assert min(gaps) > 0.19


def test_a_site_may_ask_for_longer_pauses(news_site: Site) -> None:
    news_site.pages |= {
        "/robots.txt": "User-agent: *\nCrawl-delay: 7",
        "/1": article("Dam"),
        "/2": article("X"),
    }
    pauses: list[float] = []
    patient = client(sleep=pauses.append)
    for path in ("/1", "/2"):
        patient.get(news_site.url + path)
    assert pauses[-1] == pytest.approx(7, abs=0.5)


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_waited_for(news_site: Site, status: int) -> None:
    busy = iter([True, True, False])
    page = article("Dam").encode()

    def reply(handler: Any) -> None:
        if next(busy):
            handler.send(status, b"", Retry_After="30")
        else:
            handler.send(200, page, Content_Type="text/html")

    news_site.pages["/dam"] = reply
    pauses: list[float] = []
    assert client(sleep=pauses.append).get(f"{news_site.url}/dam").data == page
    assert [round(pause) for pause in pauses] == [30, 30]


@pytest.mark.parametrize(
    "after", ["3600", formatdate(time.time() + 3600, usegmt=True)], ids=["seconds", "date"]
)
def test_a_host_that_asks_for_an_hour_gets_it(news_site: Site, adding: Adding, after: str) -> None:
    news_site.pages["/1"] = lambda handler: handler.send(429, b"", Retry_After=after)
    urls = [f"{news_site.url}/{number}" for number in (1, 2, 3)]
    assert adding.add(*urls).failed == {"asked to wait": 3}
    news_site.forget()
    assert adding.add(*urls).failed == {"asked to wait": 3}  # by another run, from the state
    assert not news_site.asked


def test_a_host_that_fails_is_left_alone(adding: Adding) -> None:
    urls = [f"http://127.0.0.1:9/{number}" for number in range(9)]
    tally = adding.add(*urls)
    assert tally.failed == {"no connection": 9}
    assert "robots.txt" in adding.notices[0]


def test_a_host_that_breaks_off_is_left_alone(news_site: Site, adding: Adding) -> None:
    news_site.pages |= {f"/{number}": lambda handler: None for number in range(1, 6)}
    tally = adding.add(*(f"{news_site.url}/{number}" for number in range(1, 6)))
    assert tally.failed == {"no connection": 3, "left alone after failures": 2}


# Limits


@pytest.mark.parametrize("reply", [drips, drips_headers, hangs])
def test_slow_pages_are_cut_off(news_site: Site, adding: Adding, reply: Any) -> None:
    news_site.pages["/slow"] = reply
    started = time.monotonic()
    assert adding.add(f"{news_site.url}/slow", limits=Limits(seconds=0.5)).failed == {"too slow": 1}
    assert time.monotonic() - started < 5
    assert "longer than 0.5 seconds" in adding.notices[0]


def endless(handler: Any) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html")
    handler.end_headers()
    try:
        while not handler.server.site.released.is_set():
            handler.wfile.write(b"<p>more</p>" * 1000)
    except OSError:
        pass


@pytest.mark.parametrize(
    "reply",
    [
        b"x" * 200_000,
        endless,
        lambda handler: handler.send(200, gzip.compress(b"x" * 50_000_000), Content_Encoding="gzip"),
    ],
)
def test_large_pages_are_cut_off(news_site: Site, adding: Adding, reply: Any) -> None:
    news_site.pages["/large"] = reply
    assert adding.add(f"{news_site.url}/large", limits=Limits(size=100_000)).refused == {"too large": 1}
    assert "more than 100,000 bytes" in adding.notices[0]


def test_a_compressed_page_is_read(news_site: Site, adding: Adding) -> None:
    packed = gzip.compress(article("Dam").encode())
    news_site.pages["/dam"] = lambda handler: handler.send(
        200, packed, Content_Encoding="gzip", Content_Type="text/html"
    )
    assert adding.add(f"{news_site.url}/dam").fetched == 1


def test_a_page_that_breaks_off_is_not_kept(news_site: Site, adding: Adding) -> None:
    def reply(handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html")
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        handler.wfile.write(article("Dam").encode())

    news_site.pages["/dam"] = reply
    assert adding.add(f"{news_site.url}/dam").failed == {"no connection": 1}
    assert not adding.files


@pytest.mark.parametrize(
    "line", [b"", b"\x00" * 40, b"HTTP/1.1 999999\r\n\r\n", b"HTTP/1.1 200 OK\r\nA" + b"a" * 70_000]
)
def test_nonsense_is_told_in_a_line(news_site: Site, adding: Adding, line: bytes) -> None:
    news_site.pages["/dam"] = lambda handler: handler.wfile.write(line)
    tally = adding.add(f"{news_site.url}/dam")
    assert tally.failed.total() == 1
    assert "\n" not in adding.notices[0]


@pytest.mark.parametrize(
    "kind",
    ["text/html; x*0=a; x*=b", "text/html; x*0*=a; x=b; charset*=utf-8", "text/html; charset=\x00"],
)
def test_a_media_type_that_cannot_be_read(news_site: Site, adding: Adding, kind: str) -> None:
    page = article("Dam").encode()
    news_site.pages["/dam"] = lambda handler: handler.send(200, page, Content_Type=kind)
    assert adding.add(f"{news_site.url}/dam").fetched == 1


def test_an_etag_that_cannot_be_sent_back_is_not_kept(news_site: Site, adding: Adding) -> None:
    page = article("Dam").encode()
    news_site.pages["/dam"] = lambda handler: handler.send(
        200, page, Content_Type="text/html", ETag='"a\x01"'
    )
    assert adding.add(f"{news_site.url}/dam").fetched == 1
    assert adding.add(f"{news_site.url}/dam").unchanged == 1


@pytest.mark.parametrize(
    ("status", "outcome", "kind"),
    [
        (403, "refused", "403"),
        (451, "refused", "451"),
        (500, "failed", "500"),
        (404, "failed", "no such page"),
    ],
)
def test_what_sites_answer(news_site: Site, adding: Adding, status: int, outcome: str, kind: str) -> None:
    news_site.pages["/dam"] = lambda handler: handler.send(status, b"no")
    assert getattr(adding.add(f"{news_site.url}/dam"), outcome) == {kind: 1}


def test_what_is_missing_is_told_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(AssistantError, match=r"pip install 'news-assistant\[fetch\]'"):
        require("fetch", "fetching")


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("tls") / "news.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30"]
    names = ["-subj", "/CN=news.example", "-addext", "subjectAltName=DNS:news.example"]
    try:
        subprocess.run(
            [*command, *names, "-keyout", file, "-out", f"{file}.crt"], check=True, capture_output=True
        )
    except FileNotFoundError:
        pytest.skip("no openssl to make a certificate with")
    file.write_bytes(file.read_bytes() + Path(f"{file}.crt").read_bytes())
    return file


@pytest.fixture
def secure_port(certificate: Path) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/dam" else 404)
            self.end_headers()
            self.wfile.write(b"over TLS")

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that does not like the certificate hangs up."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Server(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_certificates_are_checked_against_the_name(
    secure_port: int, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although the connection goes to an address."""

    def get(host: str) -> bytes:
        return client(resolve=lambda host, port: ["127.0.0.1"]).get(f"https://{host}:{secure_port}/dam").data

    with pytest.raises(FetchError):
        get("news.example")  # by nobody that is trusted
    monkeypatch.setattr("certifi.where", lambda: f"{certificate}.crt")
    assert get("news.example") == b"over TLS"
    with pytest.raises(FetchError):
        get("other.example")
