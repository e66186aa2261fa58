"""The model card: what the reader was made of, how well it reads, and what it must not be trusted with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

DATA = """\
| set | from | licence |
|---|---|---|
| squad2 | SQuAD 2.0, half of its dev set (Rajpurkar, Jia and Liang 2018) | CC BY-SA 4.0 |
| xquad | XQuAD, English (Artetxe, Ruder and Yogatama 2020) | CC BY-SA 4.0 |
| shifts_wiki | SQuADShifts, new Wikipedia (Miller et al. 2020) | CC BY 4.0 |
| nq | Natural Questions with passages (Kwiatkowski et al. 2019; Liu et al. 2023) | CC BY-SA 3.0 |
| qed | QED (Lamm et al. 2021) | CC BY-SA 3.0 |
| covidqa | COVID-QA, articles under CC BY alone (Möller et al. 2020) | Apache-2.0, texts CC BY |
| selqa | SelQA (Jurczyk, Zhai and Choi 2016) | Apache-2.0 |
| qamr | QAMR (Michael et al. 2018) | MIT |
| fever, fever_symmetric | FEVER (Thorne et al. 2018), symmetric (Schuster et al. 2019) | CC BY-SA 3.0 |
| snli | SNLI by way of e-SNLI (Bowman et al. 2015; Camburu et al. 2018) | CC BY-SA 4.0 |
| begin | BEGIN (Dziri et al. 2022) | CC BY 4.0 |
| summedits | SummEdits (Laban et al. 2023) | Apache-2.0 |"""

LIMITS = """\
- English. Most questions are about Wikipedia, few about news; scores are not probabilities until calibrated.
- Unanswerable pairs made by rule (another passage of the same page, the answer's sentences cut out) are
  easy to tell; those of SQuAD 2.0, written by people to mislead, are the hard ones, and the figure to go
  by.
- It reads at most 256 tokens. A long question loses what exceeds 56 of them.
- "Supports" means that a short claim follows from a short quote; it was not trained on claims of several
  facts.
- It knows nothing of dates: a stale answer reads as well as a current one."""


def card(
    base: str,
    recipe: Mapping[str, Any],
    count: int,
    left_out: Sequence[str],
    floats: Mapping[str, float],
    shipped: Mapping[str, float],
    curve: Sequence[Mapping[str, float]],
    checksum: str,
) -> str:
    """The card as Markdown; `floats` and `shipped` are the measures before and after int8."""
    rows = "\n".join(f"| {name} | {floats[name]:.3f} | {shipped[name]:.3f} |" for name in floats)
    settings = ", ".join(f"{name} {value}" for name, value in recipe.items())
    return f"""# The reader

A question and a passage in; out comes where the answer stands, and how likely the passage answers at all. A
claim and a quote in; out comes whether the quote supports the claim.

- Made from {base} (Apache-2.0), by `make train-reader BENCH=FOLDER` on two processors, without a GPU.
- {count} examples; {settings}. Left out: {", ".join(left_out)}.
- ONNX, int8 (dynamic, a scale a column). Inputs `input_ids`, `attention_mask`, `token_type_ids`; outputs the
  logits `start` and `end` (a token each), `answers`, and `support` (supported, refuted, not enough).
- `model.onnx`: sha256 {checksum}.
- The weights may be used under the Apache License 2.0; the texts they learned from keep the licences below.

## Data

{DATA}

## Measures on held-out pairs

No passage stands on both sides. AUC is the chance that an answerable pair scores above an unanswerable one;
F1 is of the answer's tokens, over answerable pairs, after SQuAD. "auc support": supported claims against
the rest.

| | float | int8, as shipped |
|---|---:|---:|
{rows}

### Learning curve, on part of them

{learning_curve(curve)}

## Limits

{LIMITS}
"""


def learning_curve(curve: Sequence[Mapping[str, float]]) -> str:
    """The figures along the way as a Markdown table."""
    names = list(curve[0]) if curve else []
    lines = ["| " + " | ".join(names) + " |", "|" + "---:|" * len(names)]
    lines += ["| " + " | ".join(_figure(point[name]) for name in names) + " |" for point in curve]
    return "\n".join(lines)


def _figure(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else f"{value:.3f}"
