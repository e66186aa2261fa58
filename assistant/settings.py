"""Settings: every option in one frozen object, passed as an argument.

In order of precedence, values come from command-line options, `ASSISTANT_*` environment variables,
`assistant.toml` in the working directory, and the defaults below.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from assistant.errors import AssistantError, SettingsError

APP = "news-assistant"
SETTINGS_FILE = "assistant.toml"
AUTO = "auto"
"""The embedder's name that leaves the choice to the corpus."""
EXTRACTIVE = "extractive"
"""The model name that means no language model: answers quote the articles' own sentences."""


class Settings(BaseSettings):
    """Every option; each field can be set as `ASSISTANT_<FIELD>` or in `assistant.toml`."""

    model_config = SettingsConfigDict(
        env_prefix="ASSISTANT_", env_ignore_empty=True, toml_file=SETTINGS_FILE, extra="forbid", frozen=True
    )

    corpus: Path | None = None
    """A folder or file of articles; None is the built-in corpus."""
    index: Path | None = None
    """The index's folder; None is one in the user's data directory, named after the corpus."""
    cache: Path = Field(default_factory=lambda: Path(platformdirs.user_cache_dir(APP)))
    """Folder for joined weights, exported models and verified checksums."""

    chroma: str | None = None
    """Address of a Chroma server that holds the vectors, "http://HOST:8000"; None keeps them in the index's
    folder."""

    embedder: str = AUTO
    """A packaged embedder's name, any sentence-transformers hub id or folder, or "auto": the index's own, or
    for a new index the one that the languages of its articles need."""
    reranker: str = "ms-marco-MiniLM-L12-v2"
    """The packaged cross-encoder's name, any sentence-transformers CrossEncoder, or "none"."""
    reader: str = "packaged"
    """The reader, which judges whether a passage answers: "packaged" or "none"."""
    model: str = "qwen2.5-coder-1.5b"
    """An embedded model's name, "extractive", or "provider:model" for a hosted one."""
    base_url: str | None = None
    """Address of an OpenAI-compatible server, for `model = "openai:NAME"`."""
    timeout: float = Field(default=60.0, gt=0)
    """Seconds a hosted model may take to answer."""
    answer_timeout: float | None = Field(default=None, gt=0)
    """Seconds that a language model has for one question, all its replies together; afterwards the articles'
    own sentences answer. None is no limit."""
    requests_per_minute: float | None = Field(default=None, gt=0)
    """Limit on requests to a hosted model; None is no limit."""
    repeatable: bool = False
    """Make an embedded model's output independent of earlier questions, for a few seconds more."""
    threads: int | None = Field(default=None, ge=1)
    """CPU threads for the embedded models; None is every usable core."""

    chunk_words: int = Field(default=160, ge=40, le=1000)
    """The most words a passage may have."""
    candidates: int = Field(default=12, ge=1, le=200)
    """Passages that the reranker reads for one question; at least 22 for capable models and for overviews."""
    k: int = Field(default=8, ge=1, le=100)
    """Passages that retrieval returns."""
    passages: int | None = Field(default=None, ge=1, le=60)
    """Passages that a language model reads (sentences for an embedded one); None, here and below, is the
    model's default."""
    rounds: int | None = Field(default=None, ge=1, le=8)
    """Rounds of reading before a model must answer; it can request further searches in between."""
    context_tokens: int | None = Field(default=None, ge=1024)
    """Limit on a model's input and output together."""
    output_tokens: int | None = Field(default=None, ge=32)
    """Limit on a model's output for an answer; thinking is counted separately."""
    price_in: float | None = Field(default=None, ge=0)
    """US dollars per million input tokens; with `price_out`, answers report their cost."""
    price_out: float | None = Field(default=None, ge=0)
    """US dollars per million output tokens."""
    verify: Literal["auto", "model", "exact"] = "auto"
    """What checks that quotes support a capable model's sentences: the model, or exact checks alone."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Options, then the environment, then the settings file; no .env files and no secrets folder."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def corpus_path(self) -> Path:
        """The corpus to read: the configured one, or the built-in one."""
        return self.corpus if self.corpus is not None else corpus_folder()

    @property
    def index_path(self) -> Path:
        """The index to use: the configured one, or this corpus's default."""
        if self.index is not None:
            return self.index
        return Path(platformdirs.user_data_dir(APP)) / "indexes" / self._index_name()

    def _index_name(self) -> str:
        if self.corpus is None:
            return "built-in"
        # Two corpora may share a name, so the path's digest keeps their indexes apart.
        path = self.corpus.resolve()
        stem = re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem) or "corpus"
        return f"{stem}-{hashlib.sha256(os.fsencode(path)).hexdigest()[:8]}"


def load_settings(**options: Any) -> Settings:
    """Settings overridden by command-line options; None means not given.

    Raises:
        SettingsError: an invalid value, or a settings file that cannot be read.
    """
    try:
        return Settings(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "settings"
        known = "" if name in Settings.model_fields else f" (known: {', '.join(Settings.model_fields)})"
        remedy = f"correct the option, ASSISTANT_* or {SETTINGS_FILE}"
        raise SettingsError(f"setting '{name}': {first['msg']}{known}; {remedy}") from None
    except (OSError, ValueError, RecursionError) as error:  # a TOML file that cannot be read or parsed
        raise SettingsError(f"cannot read {SETTINGS_FILE}: {error}; correct or remove the file") from None


def prompts_folder() -> Path:
    """The folder of the prompt files; raises AssistantError if the installation lacks it."""
    return _folder("prompts")


def corpus_folder() -> Path:
    """The folder of the built-in corpus; raises AssistantError if the installation lacks it."""
    return _folder("corpus")


def _folder(name: str, package: Path = Path(__file__).parent) -> Path:
    """An installed package has it in `data`; a checkout, at its top level."""
    installed, checkout = package / "data" / name, package.parent / name
    for folder in (installed, checkout):
        if folder.is_dir():
            return folder
    raise AssistantError(
        f"the built-in {name} folder is in neither {installed.parent} nor {checkout.parent}; "
        "reinstall with: pip install --force-reinstall --no-deps news-assistant"
    )
