"""Chunks: exact offsets for any text, whole sentences, and no passage that is too long."""

import datetime as dt
import re
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assistant.corpus.articles import Article, read_corpus
from assistant.corpus.chunking import MIN_WORDS, Chunk, heading, sentence_spans, split_article, to_document
from assistant.evaluation.gold.cases import cut_quotes, read_gold
from assistant.settings import corpus_folder

GOLD = corpus_folder().parent / "eval" / "gold.jsonl"

# Surrogates cannot be encoded, and reading a corpus takes them out.
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)
NEWS_LIKE = st.lists(
    st.sampled_from(
        [
            "Kyiv",
            "Mr.",
            "U.S.",
            "3.5",
            "said",
            '"No."',
            "end.",
            "Why?",
            "\n",
            "\n\n",
            "\r\n",
            " ",
            "\t",
            "x" * 90,
        ]
    ),
    max_size=300,
).map(" ".join)


def article(text: str) -> Article:
    return Article("a", "Title", text)


def sentence(words: int) -> str:
    return " ".join(["Word", *["word"] * (words - 1)]) + "."


@given(text=ANY_TEXT | NEWS_LIKE, most_words=st.integers(1, 60))
@example(text="A.\r\n\r\nB.\x00\x0b\x1c C\u2028D.\u0085\ufeff", most_words=40)
@example(text="\n\n \n", most_words=40)
def test_chunks_hold_every_word_once_and_in_order(text: str, most_words: int) -> None:
    chunks = split_article(article(text), most_words)
    assert [chunk.position for chunk in chunks] == list(range(len(chunks)))
    end = 0
    for chunk in chunks:
        assert text[end : chunk.start].strip() == ""
        assert chunk.text == text[chunk.start : chunk.end] == chunk.text.strip() != ""
        assert len(chunk.text.split()) <= most_words
        end = chunk.end
    assert text[end:].strip() == ""


@given(text=ANY_TEXT | NEWS_LIKE)
def test_sentences_hold_every_word_once_and_in_order(text: str) -> None:
    spans = sentence_spans(text)
    assert "".join("".join(text[start:end].split()) for start, end in spans) == "".join(text.split())
    assert all(start < end for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


@given(st.lists(st.tuples(st.integers(3, 40), st.sampled_from([" ", "\n", "\n\n"])), min_size=1, max_size=30))
def test_a_sentence_is_never_cut(sentences: list[tuple[int, str]]) -> None:
    text = "".join(sentence(words) + space for words, space in sentences)
    starts = {chunk.start for chunk in split_article(article(text), 40)}
    assert starts <= {start for start, _ in sentence_spans(text)}


def test_a_long_paragraph_is_cut_evenly() -> None:
    text = " ".join(sentence(10) for _ in range(17))
    assert [len(chunk.text.split()) for chunk in split_article(article(text), 160)] == [90, 80]


def test_a_sentence_that_is_too_long_is_cut_between_words() -> None:
    chunks = split_article(article(sentence(100)), 40)
    assert [len(chunk.text.split()) for chunk in chunks] == [40, 40, 20]


def test_text_without_spaces_makes_passages_that_can_be_read() -> None:
    chunks = split_article(article("x" * 100_000), 40)
    assert max(len(chunk.text) for chunk in chunks) == 40 * 40
    assert "".join(chunk.text for chunk in chunks) == "x" * 100_000


def test_a_short_paragraph_is_joined_to_the_next() -> None:
    text = f"A lone line.\n\n{sentence(50)}\n\n{sentence(60)}"
    chunks = split_article(article(text), 160)
    assert [len(chunk.text.split()) for chunk in chunks] == [53, 60]
    assert chunks[0].text == text[: chunks[0].end]


def test_a_short_paragraph_stays_alone_where_both_would_be_too_long() -> None:
    chunks = split_article(article(f"{sentence(MIN_WORDS - 1)}\n\n{sentence(40)}"), 40)
    assert [len(chunk.text.split()) for chunk in chunks] == [24, 40]


@pytest.mark.parametrize("text", ["", " \n\n\t\n"])
def test_an_article_without_words_has_no_chunks(text: str) -> None:
    assert split_article(article(text), 160) == []


@pytest.mark.timeout(60)  # what is quadratic takes hours
@pytest.mark.parametrize(
    "unit", ["word ", "x", "x\n", "\n", " ", "\n \t", '"x ', "(x ", "Dr. ", "Hi. ", "Hi.\n\n", "...", "🙂"]
)
@pytest.mark.slow
def test_a_megabyte_of_anything_is_split(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    chunks = split_article(article(text), 160)
    held = sum(len(re.sub(r"\s", "", chunk.text)) for chunk in chunks)
    assert held == len(re.sub(r"\s", "", text))


def test_no_gold_quote_is_cut() -> None:
    articles = {one.id: one for one in read_corpus(corpus_folder())}
    assert cut_quotes(read_gold(GOLD), articles, 160) == []


def test_splitting_twice_gives_the_same() -> None:
    for one in read_corpus(corpus_folder())[:5]:
        assert split_article(one, 160) == split_article(one, 160)


def test_a_document_tells_where_its_chunk_stands() -> None:
    dated = Article("a/b", "Title", "Some text.", dt.date(2025, 3, 4), section="War")
    chunk = Chunk("a/b", 2, 0, 10, "Some text.")
    document = to_document(chunk, dated)
    assert document.id == chunk.id == "a/b#2"
    assert document.page_content == "Title (4 March 2025)\nSome text."
    meta = document.metadata
    assert Chunk(meta["article"], meta["position"], meta["start"], meta["end"], chunk.text) == chunk
    assert dt.date.fromisoformat(meta["date"]) == dt.date.fromordinal(meta["published"]) == dated.published
    assert (meta["title"], meta["section"]) == ("Title", "War")


def test_a_document_without_a_date_says_nothing_of_one() -> None:
    undated = article("Text.")
    assert heading(undated) == "Title"
    assert not {"date", "published"} & to_document(Chunk("a", 0, 0, 5, "Text."), undated).metadata.keys()


def test_a_full_stop_inside_a_name_ends_no_sentence() -> None:
    text = "It was a summit, Harbour.LIVE reported, that AllThe.News called the fifth. Nobody came."
    assert [text[start:end] for start, end in sentence_spans(text)] == [text[:-13], "Nobody came."]
