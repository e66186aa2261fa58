"""The small corpus, indexed once for all that is answered over it."""

from collections.abc import Iterator

import pytest
from fakes import write_corpus

from assistant.answering.pipeline import Pipeline
from assistant.api.build import build_pipeline, build_retriever, open_index
from assistant.evaluation.score_cache import with_memory
from assistant.settings import load_settings


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """Answers with the articles' own sentences; its retriever and prompts serve the others too.

    The same questions are asked again and again, so what the models say of their passages is remembered.
    """
    folder = tmp_path_factory.mktemp("answering")
    chosen = load_settings(corpus=write_corpus(folder / "corpus"), index=folder / "index", model="extractive")
    index = open_index(chosen, lambda message: None, lambda done, total: None)
    made = build_pipeline(chosen, build_retriever(chosen, index))
    made.retriever = with_memory(made.retriever, chosen.model_copy(update={"cache": folder}))
    yield made
    index.close()
