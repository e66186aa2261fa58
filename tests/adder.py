"""Adds to a folder as the command does, without its pauses."""

from pathlib import Path
from typing import Any

from assistant.corpus.articles import Article, read_corpus
from assistant.fetching.adding import Adder, Tally
from assistant.fetching.http import Client
from assistant.fetching.store import opened


class Adding:
    """`notices` are those of the last run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.notices: list[str] = []

    def add(self, *origins: str, follow: str = "", **client: Any) -> Tally:
        self.notices = []
        options = {"allow_private": True, "pause": 0.0} | client
        with opened(self.folder) as store:
            adder = Adder(store, Client(closed=store.closed, **options), self.notices.append)
            if follow:
                adder.follow(follow)
            adder.add(list(origins))
        return adder.tally

    @property
    def files(self) -> dict[str, bytes]:
        """The articles' files by name."""
        return {file.name: file.read_bytes() for file in self.folder.glob("*.*") if file.name[0] != "."}

    @property
    def articles(self) -> dict[str, Article]:
        """The articles by title."""
        return {one.title: one for one in read_corpus(self.folder, strict=True)}
