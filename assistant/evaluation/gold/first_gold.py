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
    "question": f"{GAP} (something close to the topic that the articles do not say)",
    "unanswerable": True,
    "draft": True,
}

_PAGE = """\
# Gold questions

Each line of `{name}` is a question with its right answer. Lines with `"draft": true` were generated from
sentences of the articles. They are not asked until you have edited them.

For each draft:

1. `question` is a sentence with a gap ({gap}). Turn it into a question a person would ask, in other words
   than the article's.
2. Shorten `answer` to the fewest words that make an answer right: "90 billion", not a sentence. If several
   forms are right, write `"answers": ["90 billion", "90bn"]`.
3. Leave `evidence` as it is: the article, and the words in it that prove the answer. You may omit it; then
   retrieval is not measured for this question.
4. Remove `"draft": true`. Delete drafts that nobody would ask.

Other keys of a line, all optional:

- `"unanswerable": true` instead of an answer: the articles do not say, and the assistant should say so.
  Include some, to catch an assistant that answers everything.
- `"as_of": "2025-11-26"`: asked as of that day.
- `"id"`: the name in reports. Without one, it is derived from the question. Keep it: the baseline uses it.

A line may be just `{{"question": "...", "answer": "..."}}`. Thirty lines tell a good assistant from a bad
one; small changes need about a hundred.

    assistant eval --check --gold {path}       can every case be answered?
    assistant eval --gold {path}               ask, score, pass or fail

A run fails below the values in `{floors}`. Options such as `--corpus` and `--model` work with all these
commands.
"""

_FLOORS = """\
# Minimum values for `assistant eval`. A run below any of them fails, whatever the baseline is.
[floors.all]
# The share of right answers. Set it a little below what you measure.
"right" = 0.5
# The share of answers that are right or withheld: 0.8 allows a fifth of them to be wrong.
"not wrong" = 0.8
# Every quotation is verbatim from its article. Anything less is a bug.
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
                f"{path}: already exists and is left unchanged; name another file with --gold, or add "
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
