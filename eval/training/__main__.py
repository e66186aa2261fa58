"""`python -m eval.training --data FOLDER`: trains the reader and writes `assistant/data/reader`.

An interrupted run goes on from the checkpoint in the work folder; `--share 0.1` tries a tenth of it first;
`--measure` only measures the reader that is there.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

import torch

from assistant.models import packaged
from assistant.models.cores import usable_cores
from assistant.models.encoders.onnx import load_tokenizer
from assistant.settings import load_settings
from eval.training.card import card
from eval.training.data import LABELS, LEFT_OUT, MEASURED, Example, examples, mixed
from eval.training.export import export
from eval.training.measure import measure_export, measures
from eval.training.network import Network, from_cross_encoder, from_sentence_encoder
from eval.training.train import Recipe, fit

TARGET = Path(__file__).parents[2] / "assistant" / "data" / "reader"
BASES = {"ms-marco-MiniLM-L12-v2": from_cross_encoder, "all-MiniLM-L6-v2": from_sentence_encoder}
QUICK = frozenset({"squad2", "nq"})
"""Sets measured along the way; all of them are at the end."""


def main(arguments: list[str] | None = None) -> None:
    """Trains, measures, exports."""
    options = _options(arguments)
    settings = load_settings()
    torch.set_num_threads(options.threads or usable_cores())
    folder = packaged.folder(options.base, settings.cache)
    tokenizer = load_tokenizer(folder / "tokenizer.json")
    data = training_folder(options.data)
    recipe = Recipe(seed=options.seed)
    held_out = examples(data, tokenizer, "dev", recipe.seed)
    if options.measure:
        print(json.dumps(measure_export(TARGET, held_out), indent=2))
        return
    trained = mixed(examples(data, tokenizer, "train", recipe.seed), recipe.seed)
    trained = trained[: round(len(trained) * options.share)]
    model = BASES[options.base](folder, len(LABELS))
    options.work.mkdir(parents=True, exist_ok=True)
    say(f"{len(trained)} examples, {len(held_out)} held out, from {options.base}")
    quick = [one for one in held_out if one.dataset in QUICK or one.task == "support"]
    curve = fit(
        model,
        trained,
        recipe,
        checkpoint=options.work / f"{options.base}-{options.share:g}.pt",
        say=say,
        measure=lambda one: measures(one, quick),
    )
    if options.share < 1:
        say(json.dumps(measures(model, held_out)))
        return
    ship(model, folder / "tokenizer.json", held_out, recipe, curve, options.base, len(trained))


def ship(
    model: Network,
    tokenizer: Path,
    held_out: list[Example],
    recipe: Recipe,
    curve: list[dict[str, float]],
    base: str,
    count: int,
) -> None:
    """Writes the model, its tokenizer and its card, and says the checksum that `assistant/models/packaged.py`
    pins."""
    floats = measures(model, held_out)
    checksum = export(model, tokenizer, TARGET)
    shipped = measure_export(TARGET, held_out)
    text = card(base, asdict(recipe), count, sorted(LEFT_OUT | MEASURED), floats, shipped, curve, checksum)
    (TARGET / "README.md").write_text(text, encoding="utf-8")
    say(f"{TARGET}: sha256 {checksum}; pin it in assistant/models/packaged.py")


def training_folder(given: Path) -> Path:
    """The folder of `reader.jsonl` and `support.jsonl`: the one given, or `train` in it or beside it."""
    for folder in (given, given / "train", given.parent / "train"):
        if (folder / "reader.jsonl").is_file() and (folder / "support.jsonl").is_file():
            return folder
    raise SystemExit(
        f"no reader.jsonl and support.jsonl in {given}; give the folder that holds them with --data"
    )


def say(line: str) -> None:
    """A line of progress."""
    print(line, file=sys.stderr, flush=True)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m eval.training", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of reader.jsonl and support.jsonl")
    parser.add_argument(
        "--work", type=Path, default=load_settings().cache / "training", help="folder of checkpoints"
    )
    parser.add_argument("--base", choices=BASES, default="ms-marco-MiniLM-L12-v2")
    parser.add_argument("--share", type=float, default=1.0, help="of the examples, to try things out")
    parser.add_argument("--measure", action="store_true", help="of the reader that is there, no training")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
