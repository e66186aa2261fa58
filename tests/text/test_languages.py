"""English is told from other languages; words and lengths of scripts without spaces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.corpus.article import Article
from assistant.corpus.chunking import sentence_spans, split_article
from assistant.text import languages
from assistant.text.languages import (
    base,
    bigrams,
    count_words,
    is_english,
    is_foreign,
    language_of,
    words_of,
)

ENGLISH = (
    "The harbour of Kiel will be closed for two days in March because a bomb from the war was found there. "
    "Ferries to Norway are to leave from Travemünde, the company said."
)
GERMAN = (
    "Der Hafen von Kiel wird im März für zwei Tage gesperrt, weil dort eine Bombe aus dem Krieg gefunden "
    "worden ist. Die Fähren nach Norwegen legen in dieser Zeit in Travemünde ab, teilte die Reederei mit."
)
FRENCH = (
    "Le port de Kiel sera fermé pendant deux jours en mars, car une bombe de la guerre y a été découverte. "
    "Les ferries pour la Norvège partiront de Travemünde, a indiqué la compagnie maritime."
)
RUSSIAN = "Порт Киля будет закрыт на два дня в марте: там нашли бомбу времён войны, сообщила компания."
JAPANESE = "キール港は3月に2日間閉鎖される。戦争中の爆弾が見つかったためだと、海運会社が発表した。"
ARABIC = "سيغلق ميناء كيل يومين في مارس بعد العثور على قنبلة من زمن الحرب، بحسب شركة العبارات."


@pytest.mark.parametrize("text", [GERMAN, FRENCH, RUSSIAN, JAPANESE, ARABIC])
def test_other_languages_are_not_english(text: str) -> None:
    assert not is_english(text)


@pytest.mark.parametrize("text", [ENGLISH, "Trump wins", "", "2025-11-28", "🙂", "Kiel | Norwegen"])
def test_english_and_what_is_too_short_to_tell_are_read_as_english(text: str) -> None:
    assert is_english(text)
    assert language_of(text) == ""


@pytest.mark.parametrize(
    ("text", "code"), [(GERMAN, "de"), (FRENCH, "fr"), (RUSSIAN, "ru"), (JAPANESE, "ja"), (ARABIC, "ar")]
)
def test_the_language_is_found(text: str, code: str) -> None:
    assert language_of(text) == code


@pytest.mark.parametrize(
    ("question", "foreign"),
    [
        ("Wann legen die Fähren nach Norwegen ab?", True),
        ("Combien de jours le port de Kiel sera-t-il fermé ?", True),
        ("Когда закроют порт Киля?", True),
        ("キール港はいつ閉鎖されるか", True),
        ("متى يغلق ميناء كيل؟", True),
        ("Who closes the harbour?", False),
        ("Kiel harbour closure dates?", False),
        ("42", False),
    ],
)
def test_whether_a_question_is_in_another_language(question: str, foreign: bool) -> None:
    assert is_foreign(question) is foreign


def test_without_the_detector_only_the_script_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "present", lambda extra: False)
    assert not is_foreign("Wann legen die Fähren ab?")
    assert is_foreign("Когда закроют порт?")
    assert language_of(GERMAN) == ""


@pytest.mark.parametrize(("code", "language"), [("de-AT", "de"), ("DE_de", "de"), ("", ""), ("zh", "zh")])
def test_the_language_of_a_declared_code(code: str, language: str) -> None:
    assert base(code) == language


def test_runs_without_spaces_are_searched_as_pairs() -> None:
    assert bigrams("ATR-72墜落事故 8月").split() == ["ATR-72", "墜落", "落事", "事故", "8", "月"]
    assert bigrams(ENGLISH) == ENGLISH


@given(st.text(max_size=300))
def test_words_cover_all_that_is_no_white_space(text: str) -> None:
    spans = words_of(text, 0, len(text))
    assert count_words(text) == len(spans)
    covered = {place for start, end in spans for place in range(start, end)}
    assert all(place in covered or text[place].isspace() for place in range(len(text)))


def test_english_words_are_counted_at_spaces() -> None:
    assert count_words(ENGLISH) == len(ENGLISH.split())
    assert count_words("戦争中の爆弾が見つかった") == 6


def test_ordinals_do_not_end_a_german_sentence() -> None:
    text = "Am 3. Mai kam der Minister. Am 8. Juni ging er."
    assert [text[a:b] for a, b in sentence_spans(text, "de")] == [
        "Am 3. Mai kam der Minister.",
        "Am 8. Juni ging er.",
    ]


@pytest.mark.parametrize("language", ["ja", "und", "zh-TW", "xx"])
def test_a_long_text_without_spaces_makes_passages_of_whole_sentences(language: str) -> None:
    article = Article("a", "港", JAPANESE * 30, language=language)
    chunks = split_article(article, 160)
    assert len(chunks) > 3
    assert all(count_words(chunk.text) <= 160 and chunk.text.endswith("。") for chunk in chunks)
