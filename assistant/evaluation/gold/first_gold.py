"""The first gold for a corpus: drafts for a person to edit, floors, and a page that says how.

JSON Lines has no comments, so the instructions are in a Markdown file of the same name beside it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from assistant.corpus.articles import Article
from assistant.errors import GoldError
from assistant.evaluation.gold.cases import Case, read_cases
from assistant.evaluation.gold.draft import GAP, draft_cases

FLOORS = "floors.toml"

_UNANSWERABLE = {
    "id": "draft-unanswerable",
    "question": f"{GAP} (something near to the topic that the articles do not tell)",
    "unanswerable": True,
    "draft": True,
}

_PAGE = """\
# Gold questions

Each line of `{name}` is a question with its right answer. The lines with `"draft": true` were made by a
program from sentences of the articles: they are not asked until somebody has edited them.

For each draft:

1. `question` is a sentence with a gap ({gap}). Make of it a question as somebody would ask it, in other words
   than the article's.
2. Correct `answer` to the shortest words that make an answer right: "90 billion", not a sentence. Where
   several forms are right, write `"answers": ["90 billion", "90bn"]`.
3. Leave `evidence` as it is: the article, and the words in it that prove the answer. It may be left out; then
   nobody measures whether the evidence was found.
4. Remove `"draft": true`. Delete drafts that nobody would ask.

Other keys of a line, all of them optional:

- `"unanswerable": true` in place of an answer: the articles do not tell, and the assistant should say so.
  Have some: an assistant that answers everything is wrong there.
- `"as_of": "2025-11-26"`: asked as of that day.
- `"id"`: what reports call it. Without one it is made of the question. Keep it: the baseline goes by it.

A line may be just `{{"question": "...", "answer": "..."}}`. Thirty lines tell a good assistant from a bad
one; small changes need some hundred.

    assistant eval --check --gold {path}       can every case be won?
    assistant eval --gold {path}               ask, score, pass or fail

`{floors}` says below what a run fails. Options such as `--corpus` and `--model` go with all these commands.
"""

_FLOORS = """\
# What `assistant eval` asks for. Below one of these values a run fails, whatever it was before.
[floors.all]
# The share of right answers. Set it a little below what you measure.
"right" = 0.5
# The share of answers that are right or withheld: 0.8 allows a fifth of them to be wrong.
"not wrong" = 0.8
# Every quotation stands word for word in its article. Anything else is a defect.
"quotes verbatim" = 1.0

# A type of question may have floors of its own:
# [floors.unanswerable]
# "right" = 0.5
"""


def write_first_gold(gold: Path, articles: Mapping[str, Article], count: int) -> int:
    """Writes up to `count` drafts, an unanswerable one, floors and the page. Returns how many drafts.

    Existing floors are kept. Raises GoldError if gold or page exist or cannot be written.
    """
    page = gold.with_suffix(".md")
    for path in (gold, page):
        if path.exists():
            raise GoldError(
                f"{path}: is there already, and stays as it is; name another file with --gold, or add "
                "drafts to your gold with --add"
            )
    drafts = draft_cases(articles, (), count)
    lines = [*map(_plain, drafts), _UNANSWERABLE]
    floors = gold.parent / FLOORS
    texts = {
        gold: "".join(f"{_line(line)}\n" for line in lines),
        page: _PAGE.format(name=gold.name, path=gold, gap=GAP, floors=FLOORS),
    }
    if not floors.exists():
        texts[floors] = _FLOORS
    try:
        gold.parent.mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise GoldError(
            f"{gold}: cannot be written ({error.strerror}); name another file with --gold"
        ) from error
    return len(drafts)


def add_drafts(gold: Path, articles: Mapping[str, Article], count: int) -> int:
    """Adds up to `count` drafts from articles without a case to existing gold. Returns how many.

    Raises GoldError for gold that cannot be read or written.
    """
    drafts = draft_cases(articles, read_cases(gold), count)
    try:
        before = gold.read_bytes()
        start = "" if not before or before.endswith(b"\n") else "\n"
        with gold.open("a", encoding="utf-8", newline="\n") as file:
            file.write(start + "".join(f"{_line(_plain(draft))}\n" for draft in drafts))
    except OSError as error:
        raise GoldError(f"{gold}: cannot be written ({error.strerror}); make it writable") from error
    return len(drafts)


def _plain(draft: Case) -> dict[str, object]:
    """A draft in the keys that a person edits."""
    return {
        "id": draft.id,
        "type": draft.type,
        "question": " ".join(draft.question.split()),
        "answer": draft.expect[0][0],
        "evidence": [evidence.model_dump() for evidence in draft.evidence],
        "draft": True,
    }


def _line(line: Mapping[str, object]) -> str:
    return json.dumps(line, ensure_ascii=False)
