"""The endpoint: what OpenAI's own client reads of it, and what it refuses."""

import os
import threading
from collections.abc import Iterator

import openai
import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding

from assistant.models.encoders.embeddings import BGE, load_embeddings
from assistant.settings import load_settings
from eval.benchmarks import endpoint
from eval.benchmarks.endpoint import Endpoint

EMBEDDINGS = DeterministicFakeEmbedding(size=8)


@pytest.fixture
def client() -> Iterator[openai.OpenAI]:
    with Endpoint(EMBEDDINGS) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with openai.OpenAI(base_url=server.address, api_key="none", max_retries=0) as client:
            yield client
        server.shutdown()


def test_texts_come_back_as_their_vectors_in_order(client: openai.OpenAI) -> None:
    texts = ["Who resigned?", "北京"]
    reply = client.embeddings.create(input=texts, model="any", encoding_format="float")
    assert [one.index for one in reply.data] == [0, 1]
    assert [one.embedding for one in reply.data] == EMBEDDINGS.embed_documents(texts)


def test_vectors_in_base64_which_the_client_asks_for_by_itself(client: openai.OpenAI) -> None:
    (one,) = client.embeddings.create(input="Who resigned?", model="any").data
    assert one.embedding == pytest.approx(EMBEDDINGS.embed_documents(["Who resigned?"])[0], rel=1e-6)


def test_what_is_no_text_is_refused_and_the_next_is_answered(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="neither a text nor a list of texts"):
        client.embeddings.create(input=[[1, 2, 3]], model="any")
    with pytest.raises(openai.NotFoundError, match="there is only /v1/embeddings"):
        client.chat.completions.create(messages=[], model="any")
    assert client.embeddings.create(input=["a"], model="any").data


def test_nobody_else_on_the_network_is_answered() -> None:
    with Endpoint(EMBEDDINGS) as server:
        assert server.server_address[0] == "127.0.0.1"


def test_a_process_serves_the_embedder_of_this_project_and_ends() -> None:
    with endpoint.served() as (address, process), openai.OpenAI(base_url=address, api_key="none") as client:
        (one,) = client.embeddings.create(input="Who resigned?", model=BGE).data
    embeddings = load_embeddings(BGE, load_settings().cache, for_queries=False)
    assert one.embedding == pytest.approx(embeddings.embed_documents(["Who resigned?"])[0], rel=1e-6)
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
