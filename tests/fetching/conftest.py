"""What tests of fetching share: a site, and a way to add from it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from adder import Adding
from fake_site import Site, site


@pytest.fixture
def news_site() -> Iterator[Site]:
    with site() as running:
        yield running


@pytest.fixture
def adding(tmp_path: Path) -> Adding:
    return Adding(tmp_path / "articles")
