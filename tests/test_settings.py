"""Settings: where values come from, which wins, and what is said of one that cannot be used."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from assistant.errors import SettingsError
from assistant.settings import SETTINGS_FILE, Settings, corpus_folder, load_settings


@pytest.fixture(autouse=True)
def own_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write_toml(text: str) -> None:
    Path(SETTINGS_FILE).write_text(text, encoding="utf-8")


def refused(**options: object) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(**options)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_options_win_over_the_environment_and_that_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    write_toml('k = 3\ncandidates = 4\nmodel = "extractive"')
    monkeypatch.setenv("ASSISTANT_K", "5")
    monkeypatch.setenv("ASSISTANT_CANDIDATES", "6")
    settings = load_settings(k=7)
    assert (settings.k, settings.candidates, settings.model) == (7, 6, "extractive")
    assert settings.timeout == Settings.model_fields["timeout"].default


def test_an_option_of_none_was_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_K", "5")
    assert load_settings(k=None, corpus=None).k == 5


def test_an_empty_variable_was_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_CORPUS", "")
    monkeypatch.setenv("ASSISTANT_THREADS", "")
    settings = load_settings()
    assert settings.corpus_path == corpus_folder()
    assert settings.threads is None


def test_a_dot_env_file_is_not_read() -> None:
    Path(".env").write_text("ASSISTANT_K=3\n", encoding="utf-8")
    assert load_settings().k == Settings.model_fields["k"].default


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("k", 0),
        ("k", "many"),
        ("candidates", 201),
        ("passages", 0),
        ("rounds", 9),
        ("context_tokens", 1000),
        ("price_in", -1),
        ("verify", "nobody"),
        ("chunk_words", 39),
        ("timeout", 0),
        ("threads", 0),
    ],
)
def test_a_bad_value_is_refused_by_name_wherever_it_stands(
    name: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    remedy = f"correct the option, ASSISTANT_* or {SETTINGS_FILE}"
    by_option = refused(**{name: value})
    assert f"'{name}'" in by_option
    assert by_option.endswith(remedy)
    monkeypatch.setenv(f"ASSISTANT_{name.upper()}", str(value))
    assert f"'{name}'" in refused()


def test_an_unknown_key_is_refused_with_the_known_ones() -> None:
    write_toml('modle = "extractive"')
    message = refused()
    assert "'modle'" in message
    assert "known: corpus, index, cache" in message


@pytest.mark.parametrize("content", [b"k = ", b"\xff\xfe\x00", b"k = 3\nk = 4"])
def test_a_file_that_is_no_toml_is_refused(content: bytes) -> None:
    Path(SETTINGS_FILE).write_bytes(content)
    message = refused()
    assert message.startswith(f"cannot read {SETTINGS_FILE}: ")
    assert message.endswith("correct or remove the file")


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_settings().k = 3  # type: ignore[misc]


def test_corpora_of_one_name_have_indexes_of_their_own(tmp_path: Path) -> None:
    folders = [tmp_path / "a" / "news", tmp_path / "b" / "news"]
    one, other = (load_settings(corpus=folder).index_path for folder in folders)
    assert one.name.startswith("news-")
    assert len({one, other, load_settings().index_path}) == 3


def test_one_corpus_has_one_index_however_it_is_spelled(tmp_path: Path) -> None:
    absolute = load_settings(corpus=tmp_path / "news").index_path
    assert load_settings(corpus=Path("x/../news")).index_path == absolute


@pytest.mark.parametrize("name", ["/", "Новости", "a b\n;", "\udcff"])
def test_any_corpus_path_names_an_index_folder(name: str) -> None:
    assert load_settings(corpus=Path(name)).index_path.name.isascii()


def test_an_index_that_was_set_is_used(tmp_path: Path) -> None:
    assert load_settings(index=tmp_path / "mine").index_path == tmp_path / "mine"
