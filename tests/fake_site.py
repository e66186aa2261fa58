"""A news site on this machine: pages with ETags, a feed, and whatever else a test puts there."""

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WORDS = "The council of the valley met on the matter of the dam and heard the engineers at length".split()


def article(title: str, *, day: str = "2025-03-03", words: str = "", outlet: str = "Valley Post") -> str:
    """A page as papers have them."""
    paragraphs = [
        f"{title} was on everybody's lips. " + " ".join(WORDS[shift:] + WORDS[:shift]) + ". " + words
        for shift in range(3)
    ]
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        f'<!doctype html><html lang="en"><head><title>{title}</title>'
        f'<meta property="og:title" content="{title}"><meta property="og:site_name" content="{outlet}">'
        f'<meta property="article:published_time" content="{day}T10:00:00Z"></head>'
        f"<body><nav><a href='/'>Home</a></nav><article><h1>{title}</h1>{body}</article>"
        "<script>document.title = 'never run'</script></body></html>"
    )


def rss(*items: str, title: str = "Valley Post") -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>{title}</title>{''.join(items)}</channel></rss>"
    )


def rss_item(url: str, title: str, *, day: str = "Mon, 03 Mar 2025 10:00:00 GMT", content: str = "") -> str:
    full = f"<content:encoded><![CDATA[{content}]]></content:encoded>" if content else ""
    return f"<item><title>{title}</title><link>{url}</link><pubDate>{day}</pubDate>{full}</item>"


class Handler(BaseHTTPRequestHandler):
    server: "Server"

    def do_GET(self) -> None:
        site = self.server.site
        site.agents.add(self.headers["User-Agent"] or "")
        site.hosts.add(self.headers["Host"] or "")
        site.times.append(time.monotonic())
        reply = site.pages.get(self.path.partition("?")[0])
        if callable(reply):
            reply(self)
        elif reply is None:
            self.send(404, b"gone")
        else:
            kind = site.kinds.get(self.path, "text/html; charset=utf-8")
            data = reply if isinstance(reply, bytes) else reply.encode()
            etag = f'"{hashlib.sha256(data).hexdigest()[:8]}"'
            if site.etags and self.headers["If-None-Match"] == etag:
                self.send(304, b"", ETag=etag)
            else:
                self.send(200, data, Content_Type=kind, **({"ETag": etag} if site.etags else {}))

    do_HEAD = do_GET

    def send(self, status: int, body: bytes, **headers: str) -> None:
        self.server.site.statuses[status] += 1
        self.server.site.asked.append((self.path, status))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Tests print nothing."""


Page = str | bytes | Callable[[Handler], None]


@dataclass
class Site:
    """`pages` are what stands at each path; `asked` and `statuses` are what was answered."""

    url: str
    pages: dict[str, Page] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    etags: bool = True
    asked: list[tuple[str, int]] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    agents: set[str] = field(default_factory=set)
    hosts: set[str] = field(default_factory=set)
    times: list[float] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def feed(self, *paths: str, at: str = "/feed.xml") -> None:
        """Puts a feed of these pages there."""
        self.pages[at] = rss(*(rss_item(self.url + path, f"Story {path[1:]}") for path in paths))
        self.kinds[at] = "application/rss+xml"

    def forget(self) -> None:
        """Begins to count anew."""
        self.asked.clear()
        self.statuses.clear()
        self.times.clear()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    site: Site

    def handle_error(self, *_: object) -> None:
        """Clients hang up on what is too long."""


@contextmanager
def site() -> Iterator[Site]:
    with Server(("127.0.0.1", 0), Handler) as server:
        server.site = Site(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.site
        finally:
            server.site.released.set()
            server.shutdown()
            thread.join()


def redirect(to: str, status: int = 302) -> Callable[[Handler], None]:
    return lambda handler: handler.send(status, b"", Location=to)


def drips(handler: Handler) -> None:
    """A byte now and then, without end."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html")
    handler.end_headers()
    try:
        while not handler.server.site.released.wait(0.05):
            handler.wfile.write(b" ")
            handler.wfile.flush()
    except OSError:
        pass


def drips_headers(handler: Handler) -> None:
    try:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while not handler.server.site.released.wait(0.05):
            handler.wfile.write(b"x")
            handler.wfile.flush()
    except OSError:
        pass


def hangs(handler: Handler) -> None:
    handler.server.site.released.wait(20)
