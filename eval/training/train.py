"""Fitting the reader: fixed seeds, batches of like length, a checkpoint that an interrupted run goes on from.

The loss of a question and passage is the cross-entropy of "does it answer" and, where it does, of the
answer's first and last token (Devlin et al. 2019; a verifier with a head of its own is Zhang et al.'s
"Retrospective Reader", 2021); that of a claim the cross-entropy over supported, refuted, not enough.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from eval.training.data import Example
from eval.training.network import Network

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a run depends on."""

    epochs: float = 1.0
    batch: int = 16
    rate: float = 8e-5
    head_rate: float = 4e-4
    warmup: float = 0.06
    decay: float = 0.01
    frozen: int = 4
    """Lower layers, and the embeddings, that stay as they are; 0 leaves none."""
    support: float = 1.0
    """Share of the claims that are used."""
    seed: int = 1


def batches(examples: Sequence[Example], size: int, seed: str) -> list[list[Example]]:
    """Shuffled batches of one task, of examples about as long as each other."""
    chance = random.Random(seed)
    made: list[list[Example]] = []
    for task in ("read", "support"):
        mine = [example for example in examples if example.task == task]
        chance.shuffle(mine)
        pool = size * 32
        for first in range(0, len(mine), pool):
            some = sorted(mine[first : first + pool], key=lambda one: len(one.ids))
            made += [some[place : place + size] for place in range(0, len(some), size)]
    chance.shuffle(made)
    return made


def tensors(batch: Sequence[Example]) -> tuple[Tensor, Tensor, Tensor]:
    """ids, attention mask and token types, each of shape (batch, longest)."""
    longest = max(len(one.ids) for one in batch)
    ids = torch.zeros(len(batch), longest, dtype=torch.long)
    mask, types = torch.zeros_like(ids), torch.zeros_like(ids)
    for row, one in enumerate(batch):
        length = len(one.ids)
        ids[row, :length] = torch.tensor(one.ids)
        mask[row, :length] = 1
        types[row, :length] = torch.tensor(one.types)
    return ids, mask, types


def loss_of(model: Network, batch: Sequence[Example]) -> Tensor:
    """The mean loss of a batch of one task."""
    ids, mask, types = tensors(batch)
    output = model(ids, mask, types)
    target = torch.tensor([one.target for one in batch])
    if batch[0].task == "support":
        return functional.cross_entropy(output.support, target)
    loss = functional.binary_cross_entropy_with_logits(output.answers, target.float())
    answered = [row for row, one in enumerate(batch) if one.start >= 0]
    if answered:
        hidden = (types == 0) | (mask == 0)
        for logits, places in (
            (output.start, [batch[row].start for row in answered]),
            (output.end, [batch[row].end for row in answered]),
        ):
            scores = logits.masked_fill(hidden, -1e4)[answered]
            loss = loss + functional.cross_entropy(scores, torch.tensor(places)) / 2
    return loss


def fit(
    model: Network,
    examples: Sequence[Example],
    recipe: Recipe,
    *,
    checkpoint: Path,
    say: Say,
    measure: Callable[[Network], dict[str, float]],
    measures: int = 8,
) -> list[dict[str, float]]:
    """Fits the model in place and returns the learning curve; goes on from `checkpoint` if it is there."""
    torch.manual_seed(recipe.seed)
    freeze(model, recipe.frozen)
    heads = [value for name, value in model.named_parameters() if not name.startswith("encoder.")]
    body = [value for value in model.encoder.parameters() if value.requires_grad]
    optimizer = torch.optim.AdamW(
        [{"params": body, "lr": recipe.rate}, {"params": heads, "lr": recipe.head_rate}],
        weight_decay=recipe.decay,
    )
    plan: list[list[Example]] = []
    for epoch in range(int(recipe.epochs) + 1):
        more = batches(examples, recipe.batch, f"{recipe.seed} {epoch}")
        plan += more[: round(len(more) * min(1.0, recipe.epochs - epoch))]
    steps = len(plan)
    warm = max(1, round(steps * recipe.warmup))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warm, (steps - step) / max(1, steps - warm))
    )
    done, curve = _resume(checkpoint, recipe, model, optimizer, schedule)
    start, running = time.monotonic(), 0.0
    every = max(1, steps // measures)
    for step in range(done, steps):
        model.train()
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(model, plan[step])
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        running = 0.98 * running + 0.02 * loss.item() if running else loss.item()
        taken = step + 1
        if taken % 25 == 0:
            pace = (time.monotonic() - start) / (taken - done)
            left = pace * (steps - taken) / 60
            say(f"step {taken}/{steps}, loss {running:.3f}, {pace:.2f} s a step, {left:.0f} min to go")
        if taken % every == 0 or taken == steps:
            figures = {"step": float(taken), "loss": running} | measure(model)
            curve.append(figures)
            say(json.dumps({name: round(value, 4) for name, value in figures.items()}))
            _keep(checkpoint, recipe, model, optimizer, schedule, taken, curve)
    return curve


def freeze(model: Network, layers: int) -> None:
    """Leaves the embeddings and the lower `layers` as they are; 0 freezes nothing."""
    if layers:
        for part in (model.encoder.embeddings, *model.encoder.encoder.layer[:layers]):
            for value in part.parameters():
                value.requires_grad = False


def _keep(
    path: Path, recipe: Recipe, model: Network, optimizer: Any, schedule: Any, step: int, curve: Any
) -> None:
    state = {
        "recipe": asdict(recipe),
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "schedule": schedule.state_dict(),
        "random": torch.get_rng_state(),
        "step": step,
        "curve": curve,
    }
    beside = path.with_suffix(".new")
    torch.save(state, beside)
    beside.replace(path)


def _resume(
    path: Path, recipe: Recipe, model: Network, optimizer: Any, schedule: Any
) -> tuple[int, list[dict[str, float]]]:
    if not path.exists():
        return 0, []
    state = torch.load(path, weights_only=True)
    if state["recipe"] != asdict(recipe):
        return 0, []
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    schedule.load_state_dict(state["schedule"])
    torch.set_rng_state(state["random"])
    return state["step"], state["curve"]
