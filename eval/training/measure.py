"""How well a reader reads: answerable-or-not AUC, token F1 of the span, accuracy of support.

Token F1 is that of the evaluation, after SQuAD's (Rajpurkar et al. 2016), with the best of the answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from assistant.evaluation.gate.statistics import auc
from assistant.evaluation.scorers.standard import bag_f1, token_bag
from assistant.models.encoders.reader import Reader, best_span
from eval.training.data import LABELS, Example
from eval.training.network import Network
from eval.training.train import tensors

ReadExample = tuple[Example, float, str, float]
"""An example with its logit of "answers", the text of its likeliest span, and the chance that it is
supported."""


def measures(model: Network, examples: Sequence[Example], batch: int = 16) -> dict[str, float]:
    """The figures of a network in torch."""
    model.eval()
    order = sorted(examples, key=lambda one: (one.task, len(one.ids)))
    pairs: list[ReadExample] = []
    with torch.inference_mode():
        for place in range(0, len(order), batch):
            some = order[place : place + batch]
            output = model(*tensors(some))
            for row, one in enumerate(some):
                first, last = one.types.index(1), len(one.ids) - 1
                text = ""
                if one.start >= 0:
                    low, high, _ = best_span(
                        output.start[row, first:last].numpy(), output.end[row, first:last].numpy()
                    )
                    text = one.passage[one.offsets[first + low][0] : one.offsets[first + high][1]]
                chance = float(output.support[row].softmax(0)[0])
                pairs.append((one, float(output.answers[row]), text, chance))
    return figures(pairs)


def measure_export(folder: Path, examples: Sequence[Example]) -> dict[str, float]:
    """The figures of the files as shipped, read the way the program reads them."""
    reader = Reader(folder)
    pairs: list[ReadExample] = []
    for one in examples:
        if one.task == "support":
            pairs.append((one, 0.0, "", reader.support([(one.question, one.shown)])[0]))
        else:
            (reading,) = reader.read(one.question, [one.shown])
            pairs.append((one, reading.answers or 0.0, one.shown[reading.start : reading.end], 0.0))
    return figures(pairs)


def figures(pairs: Sequence[ReadExample]) -> dict[str, float]:
    """AUC and span F1 over all questions and by data set, and AUC of supported claims against the rest."""
    found: dict[str, float] = {}
    read = [pair for pair in pairs if pair[0].task == "read"]
    for name in (
        "all",
        *dict.fromkeys(one.dataset for one, *_ in sorted(read, key=lambda pair: pair[0].dataset)),
    ):
        mine = [pair for pair in read if name in ("all", pair[0].dataset)]
        found[f"auc {name}"] = auc([pair[1] for pair in mine], [bool(pair[0].target) for pair in mine])
        scores = [
            max(bag_f1(token_bag(answer), token_bag(text)) for answer in one.answers)
            for one, _, text, _ in mine
            if one.answers
        ]
        found[f"f1 {name}"] = float(np.mean(scores)) if scores else float("nan")
    claims = [pair for pair in pairs if pair[0].task == "support"]
    if claims:
        supported = [one.target == LABELS.index("supported") for one, *_ in claims]
        found["auc support"] = auc([chance for *_, chance in claims], supported)
    return found
