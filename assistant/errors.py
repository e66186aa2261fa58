"""Every error a person can meet, each with the remedy in its message.

    AssistantError
    ├── SettingsError       a setting, option or date that cannot be used
    ├── CorpusError         articles that cannot be found or read
    ├── FetchError          a page, feed or file that cannot be had
    │   ├── FetchRefused        it may not be fetched, or is no article: trying again is of no use
    │   └── PageGone            its site says that it is there no more
    ├── IndexMissing        no index there, or an empty folder
    ├── IndexMismatch       an index made with another embedder or another chunking
    ├── IndexBusy           another process is writing the index
    ├── ModelError          weights, packages, keys or a model that fails
    │   ├── WeightsError    weights missing, with a wrong checksum, or not to be fetched
    │   └── ContextExceeded more to read than the model can; fewer passages may fit
    ├── ServerError         a server that cannot be started or reached, or that refuses
    ├── ExtraMissing        what needs packages that the base install leaves out
    ├── PromptError         a prompt file that is missing or has wrong slots
    ├── GoldError           gold cases, or the baseline and floors beside them, that cannot be used
    └── RecordingError      a recorded model answer that cannot be read or written
        ├── RecordingMissing    a model's answer is needed and not recorded
        └── RecordingStale      it is recorded, but the model would be given something else now

Only the command line (exit status 2, one line on standard error) and the plugin of pytest catch them; foreign
exceptions are mapped to one of these where the foreign library is called.
"""


def reason(error: object, most: int | None = 200) -> str:
    """What an exception, or a library's message, says in a few words on one line."""
    return getattr(error, "strerror", None) or " ".join(str(error).split())[:most] or type(error).__name__


class AssistantError(Exception):
    """Base of all errors shown to a person; `str(error)` is the one line they see."""


class SettingsError(AssistantError):
    """A setting, option or date has a value that cannot be used."""


class CorpusError(AssistantError):
    """The corpus, or an article in it, cannot be found or read."""


class FetchError(AssistantError):
    """A page, feed or file cannot be had now; `kind` says why in few words, to be counted by."""

    def __init__(self, message: str, kind: str = "") -> None:
        super().__init__(message)
        self.kind = kind


class FetchRefused(FetchError):
    """It may not be fetched, or it is no article; trying again later is of no use."""


class PageGone(FetchError):
    """The site says that the page is there no more."""


class IndexMissing(AssistantError):
    """There is no index at the given place."""


class IndexMismatch(AssistantError):
    """The index was made with another embedder or another chunking than the settings ask for."""


class IndexBusy(AssistantError):
    """Another process holds the index's write lock."""


class ModelError(AssistantError):
    """A model cannot be loaded or called, or its output cannot be used."""


class WeightsError(ModelError):
    """Weights are missing, differ from their pinned checksum, or cannot be fetched."""


class ContextExceeded(ModelError):
    """A model was given more than it can read at once; the same question with fewer passages may fit."""


class ServerError(AssistantError):
    """`assistant serve` cannot start, or the server that was asked cannot be reached or refuses."""


class ExtraMissing(AssistantError):
    """An optional part of the program is asked for, and its packages are not installed."""


class PromptError(AssistantError):
    """A prompt file is missing or its slots are not the expected ones."""


class GoldError(AssistantError):
    """Gold cases cannot be read or never be won, or what is kept beside them cannot be used."""


class RecordingError(AssistantError):
    """A recorded answer of a model cannot be read or written."""


class RecordingMissing(RecordingError):
    """A replay needs a model's answer that was never recorded."""


class RecordingStale(RecordingError):
    """A replay needs a model's answer to something else than what was recorded."""
