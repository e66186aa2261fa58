"""Every user-facing error, each with the remedy in its message.

    AssistantError
    ├── SettingsError       an invalid setting, option or date
    ├── CorpusError         articles that cannot be found or read
    ├── FetchError          a page, feed or file that cannot be fetched
    │   ├── FetchRefused        it may not be fetched, or is not an article: retrying is useless
    │   └── PageGone            its site says that it no longer exists
    ├── IndexMissing        no index, or an empty folder
    ├── IndexMismatch       an index made with another embedder or another chunking
    │   └── IndexOutdated       one that an earlier version wrote; the next run makes it anew
    ├── IndexBusy           another process is writing the index
    ├── ModelError          weights, packages, keys or a model that fails
    │   ├── WeightsError    weights missing, with a wrong checksum, or not to be fetched
    │   ├── ContextExceeded too much input for the model; fewer passages may fit
    │   └── OutOfTime       the time set for a question is up
    ├── ChromaServerError   the Chroma server that holds the vectors does not answer
    ├── ServerError         a server that cannot be started or reached, or that refuses
    ├── ExtraMissing        a feature whose optional packages are not installed
    ├── PromptError         a prompt file that is missing or has wrong slots
    ├── GoldError           gold cases, or the baseline and floors beside them, that cannot be used
    └── RecordingError      a recorded model answer that cannot be read or written
        ├── RecordingMissing    a model's answer is needed and not recorded
        └── RecordingStale      it is recorded, but the model's input has changed since

Only the command line (exit status 2, one line on standard error) and the pytest plugin catch them.
Third-party exceptions are mapped to one of these where the library is called.
"""

import os
import re
from reprlib import Repr

_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 100


MORE_MEMORY = "close other programs, or raise the limit (ulimit -v), and try again"

_NO_MEMORY = re.compile(
    "bad_?alloc|out of memory|Cannot allocate memory|can't start new thread|failed to map segment",
    re.IGNORECASE,
)
"""What C++, SQLite, the system, Python and its loader of libraries say when there is no memory left."""


def lacks_memory(error: object) -> bool:
    """Whether an exception, of whichever library, is for want of memory."""
    return isinstance(error, MemoryError) or bool(_NO_MEMORY.search(str(error)))


def mend(error: object, otherwise: str) -> str:
    """What to do about an exception of a library: find memory where it lacks, or else what is given."""
    return MORE_MEMORY if lacks_memory(error) else otherwise


def quoted(value: object) -> str:
    """What somebody gave, as a message quotes it: as Python writes it, without the middle of what is long."""
    return _SHORT.repr(value)


def reason(error: object, most: int | None = 200) -> str:
    """The message of an exception or a library, shortened to one line."""
    return getattr(error, "strerror", None) or " ".join(str(error).split())[:most] or type(error).__name__


def without_secrets(text: str) -> str:
    """What a server said, without keys and passwords that it repeats."""
    text = re.sub(r"\b(?:sk|pk|gsk|xai|key|lsv2)[-_][\w*.-]{6,}", "…", re.sub(r"://[^/@\s]+@", "://…@", text))
    for name, value in os.environ.items():
        if name.endswith(("_API_KEY", "_TOKEN", "_SECRET")):
            # A line's end, as of a key that was read from a file, is written otherwise in a message.
            for word in value.split():
                text = text.replace(word, "…") if len(word) >= 6 else text
    return text


class AssistantError(Exception):
    """Base of all errors shown to a person; `str(error)` is the one line they see."""


class SettingsError(AssistantError):
    """A setting, option or date is invalid."""


class CorpusError(AssistantError):
    """The corpus, or an article in it, cannot be found or read."""


class FetchError(AssistantError):
    """A page, feed or file cannot be fetched now; `kind` is a short reason for counting."""

    def __init__(self, message: str, kind: str = "") -> None:
        super().__init__(message)
        self.kind = kind


class FetchRefused(FetchError):
    """It may not be fetched, or is not an article; retrying later is useless."""


class PageGone(FetchError):
    """The site says that the page no longer exists."""


class IndexMissing(AssistantError):
    """There is no index at the given place."""


class IndexMismatch(AssistantError):
    """The index was made with another embedder or another chunking than the settings ask for."""


class IndexOutdated(IndexMismatch):
    """The index was written by an earlier version of this program; the next run makes it anew."""


class IndexBusy(AssistantError):
    """Another process holds the index's write lock."""


class ChromaServerError(AssistantError):
    """The Chroma server that holds an index's vectors cannot be reached, or refuses."""


class ModelError(AssistantError):
    """A model cannot be loaded or called, or its output cannot be used."""


class WeightsError(ModelError):
    """Weights are missing, differ from their pinned checksum, or cannot be fetched."""


class ContextExceeded(ModelError):
    """The input is too long for the model; the same question with fewer passages may fit."""


class OutOfTime(ModelError):
    """A model had not answered when the time set for a question was up."""


class ServerError(AssistantError):
    """`assistant serve` cannot start, or the server that was asked cannot be reached or refuses."""


class ExtraMissing(AssistantError):
    """An optional feature was requested, but its packages are not installed."""


class PromptError(AssistantError):
    """A prompt file is missing or its slots are not the expected ones."""


class GoldError(AssistantError):
    """Gold cases cannot be read or answered, or files beside them are invalid."""


class RecordingError(AssistantError):
    """A recorded answer of a model cannot be read or written."""


class RecordingMissing(RecordingError):
    """A replay needs a model's answer that was never recorded."""


class RecordingStale(RecordingError):
    """A replay needs an answer to input that differs from what was recorded."""
