"""The words of a query, as they are looked up in the full-text index."""

from __future__ import annotations

import re
from collections.abc import Iterable

from assistant.text.languages import STOP_WORDS, bigrams
from assistant.text.normalize import acronyms

_TERM = re.compile(r"\w+")


def query_terms(query: str) -> list[str]:
    """The words of a query that are worth looking up: lower case, without stop words, each once."""
    terms = dict.fromkeys(term.lower() for term in _TERM.findall(bigrams(query)))
    named = acronyms(query)
    kept = [term for term in terms if term not in STOP_WORDS or term in named]
    return kept or list(terms)


def any_of(terms: Iterable[str]) -> str:
    """An FTS5 expression for any of the words; every one is quoted, so none is an operator."""
    return " OR ".join(f'"{term}"' for term in terms)
