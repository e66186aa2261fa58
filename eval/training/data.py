"""Training data: questions with a passage that answers them or does not, and claims with a passage.

`reader.jsonl` has id, dataset, question, passage, answers [{text, start}], answerable, split;
`support.jsonl` has id, dataset, claim, passage, label, split. Long passages are cut to a window, as
retrieval cuts articles: one with the answer somewhere in it, or, where there is none, the one that shares
most words with the question.
"""

from __future__ import annotations

import json
import random
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tokenizers import Tokenizer

from assistant.models.encoders.reader import MAX_QUESTION

MAX_TOKENS = 224
"""Of question and passage together, special tokens included."""

LEFT_OUT = frozenset({"shifts_amazon", "shifts_reddit"})
"""Sets whose texts are posts of third parties."""

MEASURED = frozenset({"clapnq_dev", "timeqa_dev"})
"""Sets that the reader is measured on and never sees: all their rows are held out."""

PASSES = {"squad2": 2.0, "shifts_wiki": 0.5, "qamr": 0.4, "selqa": 0.5, "covidqa": 0.5, "support": 0.45}
"""How often a set's examples are seen in one run, 1 if not named. SQuAD 2.0's unanswerable questions are the
ones that are about their passage; those of the sets below 1 were made by rule and are soon told apart."""

RETRIEVED = 0.12
"""Share of the answerable questions that are also asked of another passage, the first that BM25 finds for
them."""

LABELS = ("supported", "refuted", "not_enough")

Split = Literal["train", "dev"]


@dataclass(frozen=True, slots=True)
class Example:
    """A pair as the network sees it. `start` and `end` are token positions of the answer, both included, or
    -1.

    `task` is "read" (question, passage), with `target` 1 for answerable, or "support" (claim, passage), with
    `target` an index into `LABELS`.
    """

    id: str
    dataset: str
    task: Literal["read", "support"]
    ids: list[int]
    types: list[int]
    target: int
    start: int
    end: int
    question: str
    """Or claim."""
    passage: str
    offsets: list[tuple[int, int]]
    """Of each token, in characters of `passage`; (0, 0) for the tokens of the question."""
    answers: tuple[str, ...]

    @property
    def shown(self) -> str:
        """The part of the passage that the window holds."""
        inside = [offset for offset in self.offsets if offset != (0, 0)]
        return self.passage[inside[0][0] : inside[-1][1]] if inside else ""


def examples(folder: Path, tokenizer: Tokenizer, split: Split, seed: int) -> list[Example]:
    """All examples of a split, in the order of the files; the same for the same seed."""
    rows = list(_rows(folder / "reader.jsonl", split))
    if split == "train":
        rows += retrieved_negatives(rows, seed)
    found = [_reading(row, tokenizer, seed) for row in rows]
    found += [_support(row, tokenizer) for row in _rows(folder / "support.jsonl", split)]
    return [example for example in found if example is not None]


def mixed(examples: list[Example], seed: int) -> list[Example]:
    """The examples of one run: each set's as often as `PASSES` says, in a shuffled order."""
    chance = random.Random(seed)
    mixture: list[Example] = []
    for example in examples:
        passes = PASSES.get("support" if example.task == "support" else example.dataset, 1.0)
        mixture += [example] * (int(passes) + (chance.random() < passes % 1))
    chance.shuffle(mixture)
    return mixture


def retrieved_negatives(rows: list[dict[str, Any]], seed: int) -> list[dict[str, Any]]:
    """Answerable questions with a passage that a search finds for them and that lacks every answer."""
    chance = random.Random(seed)
    passages = sorted({row["passage"] for row in rows})
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE VIRTUAL TABLE passages USING fts5(body, tokenize = 'porter unicode61')")
        connection.executemany("INSERT INTO passages(body) VALUES (?)", ((text,) for text in passages))
        made = []
        for row in rows:
            if not row["answerable"] or row["dataset"] == "qamr" or chance.random() >= RETRIEVED:
                continue
            words = set(re.findall(r"\w{3,}", row["question"].lower()))
            query = " OR ".join(f'"{word}"' for word in sorted(words))
            hits = connection.execute(
                "SELECT body FROM passages WHERE passages MATCH ? ORDER BY bm25(passages), rowid LIMIT 5",
                (query,),
            )
            answers = [answer["text"].lower() for answer in row["answers"]]
            for (body,) in hits:
                if body != row["passage"] and not any(answer in body.lower() for answer in answers):
                    made.append(
                        row | {"id": f"{row['id']}-r", "passage": body, "answers": [], "answerable": False}
                    )
                    break
    return made


def _rows(path: Path, split: Split) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            of = "dev" if row["dataset"] in MEASURED else row["split"]
            if of == split and row["dataset"] not in LEFT_OUT:
                yield row


def _reading(row: dict[str, Any], tokenizer: Tokenizer, seed: int) -> Example | None:
    passage: str = row["passage"]
    answers = row["answers"] if row["answerable"] else []
    tokens = tokenizer.encode(passage, add_special_tokens=False)
    question = tokenizer.encode(row["question"], add_special_tokens=False).ids[:MAX_QUESTION]
    room = MAX_TOKENS - len(question) - 3
    answer = None
    if answers:
        chosen = answers[0]
        answer = _token_span(tokens.offsets, chosen["start"], chosen["start"] + len(chosen["text"]))
        if answer is None or answer[1] - answer[0] >= room:
            return None
    first, last = _window(row, tokens.offsets, answer, room, random.Random(f"{seed} {row['id']}"))
    shift = len(question) + 2 - first
    offsets = [(0, 0)] * (len(question) + 2) + tokens.offsets[first:last] + [(0, 0)]
    return Example(
        id=row["id"],
        dataset=row["dataset"],
        task="read",
        ids=_frame(tokenizer, question, tokens.ids[first:last]),
        types=[0] * (len(question) + 2) + [1] * (last - first + 1),
        target=int(bool(answers)),
        start=answer[0] + shift if answer else -1,
        end=answer[1] + shift if answer else -1,
        question=row["question"],
        passage=passage,
        offsets=offsets,
        answers=tuple(one["text"] for one in answers),
    )


def _support(row: dict[str, Any], tokenizer: Tokenizer) -> Example:
    claim = tokenizer.encode(row["claim"], add_special_tokens=False).ids[: MAX_TOKENS // 2]
    passage = tokenizer.encode(row["passage"], add_special_tokens=False)
    room = MAX_TOKENS - len(claim) - 3
    body = passage.ids[:room]
    return Example(
        id=row["id"],
        dataset=row["dataset"],
        task="support",
        ids=_frame(tokenizer, claim, body),
        types=[0] * (len(claim) + 2) + [1] * (len(body) + 1),
        target=LABELS.index(row["label"]),
        start=-1,
        end=-1,
        question=row["claim"],
        passage=row["passage"],
        offsets=[(0, 0)] * (len(claim) + 2) + passage.offsets[:room] + [(0, 0)],
        answers=(),
    )


def _frame(tokenizer: Tokenizer, first: list[int], second: list[int]) -> list[int]:
    start, separator = (int(tokenizer.token_to_id(token)) for token in ("[CLS]", "[SEP]"))  # type: ignore[arg-type]
    return [start, *first, separator, *second, separator]


def _token_span(offsets: list[tuple[int, int]], start: int, end: int) -> tuple[int, int] | None:
    """The tokens that cover the characters from `start` to `end`, first and last."""
    inside = [place for place, (low, high) in enumerate(offsets) if low < end and high > start]
    return (inside[0], inside[-1]) if inside else None


def _window(
    row: dict[str, Any],
    offsets: list[tuple[int, int]],
    answer: tuple[int, int] | None,
    room: int,
    chance: random.Random,
) -> tuple[int, int]:
    """The first token of the passage that is shown, and the one behind the last."""
    total = len(offsets)
    if total <= room:
        return 0, total
    if answer:
        first = chance.randint(max(0, answer[1] - room + 1), min(answer[0], total - room))
        return first, first + room
    asked = set(re.findall(r"\w{4,}", row["question"].lower()))
    best, most = 0, -1
    for first in range(0, total - room + 1, 16):
        text = row["passage"][offsets[first][0] : offsets[first + room - 1][1]].lower()
        shared = len(asked & set(re.findall(r"\w{4,}", text)))
        if shared > most:
            best, most = first, shared
    return best, best + room
