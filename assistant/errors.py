"""Every error a person can meet, each with the remedy in its message.

    AssistantError
    ├── SettingsError       a setting, option or date that cannot be used
    ├── CorpusError         articles that cannot be found or read
    ├── IndexMissing        no index there, or an empty folder
    ├── IndexMismatch       an index made with another embedder or another chunking
    ├── IndexBusy           another process is writing the index
    ├── ModelError          weights, packages, keys or a model that fails
    │   ├── WeightsError    packaged weights missing or with a wrong checksum
    │   └── ContextExceeded more to read than the model can; fewer passages may fit
    ├── ServerError         a server that cannot be started or reached, or that refuses
    ├── PromptError         a prompt file that is missing or has wrong slots
    ├── GoldError           gold cases, or the baseline and floors beside them, that cannot be used
    └── RecordingError      a recorded model answer that cannot be read or written
        ├── RecordingMissing    a model's answer is needed and not recorded
        └── RecordingStale      it is recorded, but the model would be given something else now

Only the command line (exit status 2, one line on standard error) and the plugin of pytest catch them; foreign
exceptions are mapped to one of these where the foreign library is called.
"""


class AssistantError(Exception):
    """Base of all errors shown to a person; `str(error)` is the one line they see."""


class SettingsError(AssistantError):
    """A setting, option or date has a value that cannot be used."""


class CorpusError(AssistantError):
    """The corpus, or an article in it, cannot be found or read."""


class IndexMissing(AssistantError):
    """There is no index at the given place."""


class IndexMismatch(AssistantError):
    """The index was made with another embedder or another chunking than the settings ask for."""


class IndexBusy(AssistantError):
    """Another process holds the index's write lock."""


class ModelError(AssistantError):
    """A model cannot be loaded or called, or its output cannot be used."""


class WeightsError(ModelError):
    """Packaged weights are missing or differ from their pinned checksum."""


class ContextExceeded(ModelError):
    """A model was given more than it can read at once; the same question with fewer passages may fit."""


class ServerError(AssistantError):
    """`assistant serve` cannot start, or the server that was asked cannot be reached or refuses."""


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
