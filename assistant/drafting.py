"""Drafting: from numbered sentences to raw claims, by a language model or by taking the likeliest of them.

A draft is only what somebody says the articles say; `grounding` decides what of it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk
from langchain_core.messages.ai import add_ai_message_chunks
from langchain_core.utils.json import parse_json_markdown

from assistant.evidence import Sentence, likely, plain, render
from assistant.grounding import RawClaim
from assistant.interface import Tokens
from assistant.models.chat import model_errors, tokens_of
from assistant.prompts import Prompt

MOST_CLAIMS = 4
MOST_WORDS = 120
"""An answer is short: an extractive one stops before this many words."""

_BEGINS = re.compile(r"\{\s*[\"'](?:claims|sentences?|text)\b")
"""Where a draft begins behind a model's thoughts or greeting."""
MOST_BEGINNINGS = 4
_MARKED = re.compile(r"\s*\[\d+(?:\s*,\s*\d+)*\](?!\s*[\[{\"])")


@dataclass(frozen=True, slots=True)
class Draft:
    """The claims, the model's output as it came (empty without a model), and what it read and wrote."""

    claims: list[RawClaim]
    raw: str = ""
    tokens: Tokens = Tokens()


def claims_schema(sentences: int) -> dict[str, Any]:
    """JSON schema of a draft; a claim can only name a sentence that was given."""
    claim = {
        "type": "object",
        "properties": {
            "sentence": {"type": "integer", "enum": list(range(1, sentences + 1))},
            "text": {"type": "string", "minLength": 1, "maxLength": 400},
        },
        "required": ["sentence", "text"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {"claims": {"type": "array", "items": claim, "maxItems": MOST_CLAIMS}},
        "required": ["claims"],
        "additionalProperties": False,
    }


def draft_with_model(
    model: BaseChatModel,
    model_name: str,
    prompt: Prompt,
    question: str,
    sentences: list[Sentence],
    on_text: Callable[[str], None],
) -> Draft:
    """What a language model makes of the sentences; `on_text` gets its output so far, as it comes.

    Raises ModelError when the model fails.
    """
    schema = {"name": "claims", "strict": True, "schema": claims_schema(len(sentences))}
    chain = prompt.template | model.bind(response_format={"type": "json_schema", "json_schema": schema})
    parts: list[AIMessageChunk] = []
    stream = chain.stream({"evidence": render(sentences), "question": plain(question)})
    while True:
        with model_errors(model_name):  # of the model, and not of who is shown its text
            chunk = next(stream, None)
        if chunk is None:
            break
        parts.append(chunk if isinstance(chunk, AIMessageChunk) else AIMessageChunk(content=chunk.text))
        on_text("".join(part.text for part in parts))
    message = add_ai_message_chunks(AIMessageChunk(content=""), *parts)
    return Draft(parse_claims(message.text), message.text, tokens_of(message))


def parse_claims(raw: str) -> list[RawClaim]:
    """The claims in a model's output; tolerant, since a right answer must not be lost over its wrapping.

    Understood are the schema's object, behind whatever was said before it, a bare list or a single claim,
    several or mangled sentence numbers, markers such as [2] in the text, output cut off in the middle, and
    plain text, which counts as one claim.
    """
    parsed = _json_in(raw)
    if parsed is None:
        text = re.sub(r"\s+", " ", raw).strip()
        return _claims([text] if _MARKED.match(text) or text[:1] not in ("{", "[") else [])
    found = parsed.get("claims", parsed) if isinstance(parsed, dict) else parsed
    return _claims(found if isinstance(found, list) else [found])


def _json_in(raw: str) -> Any:
    """What an output holds in JSON, from its start or from where a draft begins; None where there is none."""
    begins = islice(_BEGINS.finditer(raw), MOST_BEGINNINGS)
    for start in (0, *(match.start() for match in begins)):
        try:
            parsed = parse_json_markdown(raw[start:])
        except (ValueError, RecursionError):
            continue
        if parsed is None:
            return []
        if isinstance(parsed, dict | list | str) and not _MARKED.match(raw[start:].lstrip()):
            return parsed
    return None


def _claims(items: Sequence[Any]) -> list[RawClaim]:
    claims = []
    for item in items[: 2 * MOST_CLAIMS]:
        if isinstance(item, dict) and isinstance(item.get("text"), str):
            claims.append(_claim(item["text"], str(item.get("sentence", item.get("sentences", "")))))
        elif isinstance(item, str) and item:
            claims.append(_claim(item, ""))
    return claims


def _claim(text: str, named: str) -> RawClaim:
    """The claim without its markers, which count where nothing else names a sentence."""
    numbers = re.findall(r"\d{1,6}", named or " ".join(_MARKED.findall(text)))
    return RawClaim(_MARKED.sub("", text).strip(), tuple(map(int, numbers)))


def draft_extractive(sentences: Sequence[Sentence], room: int = MOST_WORDS) -> Draft:
    """The sentences where the answer most likely stands, in their order, up to `room` words: no model.

    The sentences come best paragraph first, each with its chance (`Sentence.chance`); ties keep that order.
    Unlikely ones are left out (`evidence.likely`), and one too long for what is left gives way to the next;
    but where there is all the room of an answer, one is always given.
    """
    chosen: list[Sentence] = []
    whole = room >= MOST_WORDS
    for sentence in sorted(likely(sentences), key=lambda one: (-one.chance, one.number)):
        words = len(sentence.text.split())
        if words <= room or (whole and not chosen):
            chosen.append(sentence)
            room -= words
    chosen.sort(key=lambda one: one.number)
    return Draft([RawClaim(sentence.text, (sentence.number,)) for sentence in chosen])
