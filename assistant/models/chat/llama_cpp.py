"""A language model inside this process: llama.cpp, by way of xllamacpp, over packaged Qwen2.5 weights.

No server, key or network. What was chosen here was measured on two cores:

- OpenMP threads soon sleep while they wait: spinning, as is their habit, they fall from 18 tokens a second to
  less than 1 when another process wants a core. llama.cpp's `poll` has no say in builds with OpenMP.
- Every prompt keeps its own slot, and so its cached prefix: two prompts on one slot evict each other.
- Reading goes in batches of 256 tokens, as fast as larger ones, since it can be stopped only between two.
- Weights are used as they lie in the file (`no_extra_bufts`). Repacked, they are read 10 % slower and write
  20 % faster, but take 0.6 GB more and one to five seconds at each start.
- Flash attention stays on, and the key-value cache at 16 bits: 8 bits read 15 % slower.
"""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.ai import InputTokenDetails, UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import Field, PrivateAttr

from assistant.errors import ContextExceeded, ModelError, mend, reason
from assistant.models import packaged
from assistant.models.chat.chatml import chatml
from assistant.models.cores import usable_cores

BATCH = 256
"""Prompt tokens read at a time."""

WAITING = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "1000"}
"""GNU's OpenMP spins a moment, which makes writing a quarter faster than none; others read only the first."""

COMPACT = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
"""llguidance's options for JSON on one line: indented, it takes a seventh more tokens to write, or worse."""


class EmbeddedChat(BaseChatModel):
    """Greedy, seeded answers of a packaged model.

    With `cache_prompt=False` the same call gives the same text. With the cache (the default, several times
    quicker) rounding depends on how much of the prompt was read before, and a near tie may fall otherwise.

    Per call, through `bind` or as keyword arguments: `max_tokens`; `response_format`, in OpenAI's form
    `{"type": "json_schema", "json_schema": {"schema": {...}}}`, which holds while the text is written;
    `id_slot`, from 0, to give each prompt a cache of its own (else the slot with the most similar prompt is
    taken); `logprobs=True` with `top_logprobs=N` for the first token's, in `response_metadata["logprobs"]`.
    `response_metadata["finish_reason"]` is "length" when the answer was cut off.

    Raises `WeightsError` for weights, `ContextExceeded` for a prompt that is longer than the context, and
    `ModelError` for a model that cannot be loaded or a request that llama.cpp refuses.
    """

    model: str
    """The name of a packaged language model."""
    folder: Path
    """The cache where the joined weights lie, or will."""
    threads: int | None = Field(default=None, ge=1)
    """None is every core this process may use."""
    max_tokens: int = Field(default=400, ge=1)
    context: int = Field(default=4096, ge=256)
    """Tokens that one prompt and its answer may have together; 28 kB of memory each for the 1.5B weights."""
    slots: int = Field(default=2, ge=1)
    """Prompts whose caches are kept, each with a context of its own."""
    cache_prompt: bool = True
    """Whether what was read of a prompt before is not read again, where a call does not say."""

    _server: Any = PrivateAttr(default=None)
    _lock: Any = PrivateAttr(default_factory=threading.Lock)

    @property
    def _llm_type(self) -> str:
        return "embedded"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.model, "max_tokens": self.max_tokens, "context": self.context}

    def load(self) -> Any:
        """The running model, loaded on the first call (1 to 9 seconds); safe to call from any thread."""
        with self._lock:
            if self._server is None:
                path = packaged.gguf(self.model, self.folder)
                self._server = _start(path, self.threads or usable_cores(), self.context, self.slots)
            return self._server

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        # Always streamed, so that an interrupt ends it.
        return generate_from_stream(self._stream(messages, stop, **kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        first = True
        for piece in _pieces(self.load(), self._request(messages, stop, **kwargs)):
            if "error" in piece:
                raise self._refusal(piece["error"])
            choice = piece["choices"][0]
            if not choice["text"] and choice["finish_reason"] is None:
                continue  # progress in reading the prompt
            chunk = self._chunk(piece, choice, logprobs=first)
            first = False
            if run_manager is not None:
                run_manager.on_llm_new_token(choice["text"], chunk=chunk)
            yield chunk

    def _request(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None,
        *,
        max_tokens: int | None = None,
        response_format: dict[str, Any] | None = None,
        id_slot: int | None = None,
        cache_prompt: bool | None = None,
        logprobs: bool = False,
        top_logprobs: int = 1,
    ) -> dict[str, Any]:
        request: dict[str, Any] = {
            "prompt": chatml(messages),
            "max_tokens": max_tokens or self.max_tokens,
            "stop": stop or [],
            "temperature": 0,
            "seed": 0,
            "cache_prompt": self.cache_prompt if cache_prompt is None else cache_prompt,
            "stream": True,
            # A piece after each batch of the prompt, so that reading it can be stopped as well.
            "return_progress": True,
        }
        if response_format is not None:
            specification = response_format["json_schema"]
            schema = specification.get("schema", specification)
            request["json_schema"] = {"x-guidance": COMPACT} | schema
        if id_slot is not None:
            request["id_slot"] = id_slot % self.slots
        if logprobs:
            request["logprobs"] = top_logprobs
        return request

    def _chunk(self, piece: dict[str, Any], choice: dict[str, Any], *, logprobs: bool) -> ChatGenerationChunk:
        message = AIMessageChunk(content=choice["text"])
        if logprobs and choice["logprobs"]:
            message.response_metadata["logprobs"] = choice["logprobs"]
        if choice["finish_reason"] is not None:
            message.chunk_position = "last"
            message.usage_metadata = _usage(piece["usage"])
            message.response_metadata |= {
                "finish_reason": choice["finish_reason"],
                "model_name": self.model,
                "model_provider": self._llm_type,
            }
        return ChatGenerationChunk(message=message)

    def _refusal(self, error: dict[str, Any]) -> ModelError:
        if error["type"] == "exceed_context_size_error":
            return ContextExceeded(
                f"the prompt has {error['n_prompt_tokens']} tokens and {self.model} reads at most "
                f"{self.context}; ask a shorter question, or set fewer or shorter passages"
            )
        refused = f"{self.model} refused the request ({reason(error['message'])})"
        return ModelError(f"{refused}; change the prompt or its JSON schema")


def _usage(usage: dict[str, Any]) -> UsageMetadata:
    return UsageMetadata(
        input_tokens=usage["prompt_tokens"],
        output_tokens=usage["completion_tokens"],
        total_tokens=usage["total_tokens"],
        input_token_details=InputTokenDetails(cache_read=usage["prompt_tokens_details"]["cached_tokens"]),
    )


def _pieces(server: Any, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The server's answer piece by piece; leaving the loop early, for whatever reason, stops the model.

    The model runs in a thread of its own, where it cannot be interrupted but asks after each piece whether to
    go on. The thread is no daemon: at exit the interpreter waits for it to stop rather than tear it down.
    """
    pieces: SimpleQueue[dict[str, Any] | Exception | None] = SimpleQueue()
    stopped = threading.Event()

    def receive(piece: dict[str, Any]) -> bool:
        pieces.put(piece)
        return stopped.is_set()

    def work() -> None:
        try:
            server.handle_completions(request, receive)
        except Exception as error:
            pieces.put(error)
        finally:
            pieces.put(None)

    threading.Thread(target=work, name="embedded-chat").start()
    try:
        while (piece := pieces.get()) is not None:
            if isinstance(piece, Exception):
                raise ModelError(
                    f"the embedded model failed ({reason(piece)}); {mend(piece, 'start again')}"
                ) from piece
            yield piece
    finally:
        stopped.set()


def _start(path: Path, threads: int, context: int, slots: int) -> Any:
    """An xllamacpp server over the weights, silent, and reachable from this process alone."""
    llama = _library()
    parameters = llama.CommonParams()
    parameters.model.path = str(path)
    parameters.n_ctx = context * slots
    parameters.n_parallel = slots
    parameters.n_batch = parameters.n_ubatch = BATCH
    parameters.no_extra_bufts = True
    parameters.cache_ram_mib = 0  # slots keep the caches; this one would drop short prefixes of long prompts
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
    parameters.load_mode = llama.llama_load_mode.LLAMA_LOAD_MODE_MMAP
    parameters.verbosity = -1
    with _unreachable(parameters):
        try:
            return llama.Server(parameters)
        except RuntimeError as error:
            size = path.stat().st_size / 1e9
            raise ModelError(
                f"cannot load {path}: free {2 * size:.0f} GB of memory, or set a smaller model or context"
            ) from error


@contextmanager
def _unreachable(parameters: Any) -> Iterator[None]:
    """Keeps everyone from the HTTP listener that xllamacpp insists on.

    It listens on a socket file in a private folder that is gone before the first call. The key and the
    missing CORS headers count on Windows, where there is a port on the loopback address instead.
    """
    parameters.api_keys = [secrets.token_urlsafe(32)]
    parameters.cors_origins = ""
    parameters.cors_credentials = False
    parameters.endpoint_slots = False
    parameters.ui = False
    if sys.platform == "win32":
        yield
        return
    # The path of a socket has at most 103 bytes, which the user's folder for temporary files may exceed.
    parent = "/tmp" if len(os.fsencode(tempfile.gettempdir())) > 80 else None
    with tempfile.TemporaryDirectory(dir=parent) as folder:
        parameters.hostnames = [f"{folder}/http.sock"]
        yield


def _library() -> Any:
    """xllamacpp, its OpenMP told how long to wait awake, which that reads only once, when it is loaded."""
    added = [name for name in WAITING if name not in os.environ]
    os.environ.update({name: WAITING[name] for name in added})
    try:
        import xllamacpp
    except ImportError as error:
        if "libgomp" in str(error):
            raise ModelError("llama.cpp needs OpenMP; install it with: apt-get install libgomp1") from error
        remedy = mend(error, "reinstall it with: pip install --force-reinstall xllamacpp")
        raise ModelError(f"cannot load xllamacpp ({error}); {remedy}") from error
    finally:
        for name in added:
            del os.environ[name]
    return xllamacpp
