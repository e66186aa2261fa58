"""Which files a corpus is: what is no article by its name is left out, and what the user leaves out."""

from pathlib import Path

import pytest

from assistant.corpus.articles import Options, corpus_stamp, read_articles
from assistant.corpus.report import Report
from assistant.corpus.walking import normal
from assistant.errors import CorpusError


def ids(path: Path, *exclude: str) -> tuple[list[str], dict[str, int]]:
    report = Report()
    articles = read_articles(path, report, Options(exclude))
    found = [article.id for article in articles]
    articles.close()
    return found, report.summary.left_out


def write(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"Text of {name}.")
    return folder


def test_what_lies_beside_articles_is_left_out_by_default(tmp_path: Path) -> None:
    write(
        tmp_path, "a.md", "node_modules/x/y.md", "lib/site-packages/z.txt", "tools/pyvenv.cfg", "tools/t.md"
    )
    write(
        tmp_path,
        "robots.txt",
        "requirements-dev.txt",
        "~$a.docx",
        "a.md~",
        "README.md",
        "package.json",
        ".b/c.md",
    )
    found, left_out = ids(tmp_path)
    assert found == ["a"]
    assert left_out == {
        "node_modules": 1, "site-packages": 1, "tools": 1, "robots.txt": 1, "requirements-dev.txt": 1,
        "~$ file": 1, ".md~ file": 1, "readme.md": 1, "package.json": 1,
    }  # fmt: skip


def test_a_file_that_is_named_is_read_whatever_its_name(tmp_path: Path) -> None:
    assert ids(write(tmp_path, "README.md") / "README.md")[0] == ["README"]


def test_patterns_leave_files_out(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "drafts/b.md", "drafts/deep/c.md", "d.txt", "keep/d.txt")
    assert ids(tmp_path, "drafts/", "/d.txt") == (["a", "keep/d"], {"excluded": 2})
    (tmp_path / ".assistantignore").write_text("# Not yet\n*.txt\n!keep/d.txt\n")
    assert ids(tmp_path)[0] == ["a", "drafts/b", "drafts/deep/c", "keep/d"]
    assert ids(tmp_path, "drafts")[0] == ["a", "keep/d"]


def test_the_stamp_does_not_see_what_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "b.txt")
    stamp = corpus_stamp(tmp_path, ["b.txt"])
    assert stamp != corpus_stamp(tmp_path)
    write(tmp_path, "b.txt", "node_modules/x.md", ".hidden.md")
    assert corpus_stamp(tmp_path, ["b.txt"]) == stamp


def test_a_pattern_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"write it as in \.gitignore"):
        ids(write(tmp_path, "a.md"), "!")


def test_ids_are_in_one_normal_form() -> None:
    assert normal("Cafe\u0301") == normal("Caf\u00e9") == "Caf\u00e9"
    assert normal(" a\nb\udcff ") == "a_b_"
