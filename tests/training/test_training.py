"""Training the reader: data, windows, batches, a few steps on a tiny network, an interrupted run."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import BertConfig, BertModel

from assistant.models import packaged
from assistant.models.encoders.onnx import load_tokenizer
from assistant.models.encoders.reader import Reader
from assistant.settings import load_settings
from eval.training import data, export, measure, train
from eval.training.__main__ import training_folder
from eval.training.network import Network

pytestmark = pytest.mark.slow

QUESTIONS: list[dict[str, Any]] = [
    {
        "question": f"Who led town {n}?",
        "passage": f"{'Long before, much else. ' * (n * 9)}Town {n} was led by Ada {n}.",
    }
    for n in range(8)
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "train"
    path.mkdir()
    rows = []
    for number, row in enumerate(QUESTIONS):
        text = f"Ada {number}"
        answers = [{"text": text, "start": row["passage"].index(text)}] if number % 2 else []
        kind = {"dataset": "squad2", "split": "dev" if number > 5 else "train", "answerable": bool(answers)}
        rows.append(row | kind | {"id": str(number), "answers": answers})
    rows.append(rows[0] | {"id": "left-out", "dataset": "shifts_reddit"})
    rows.append(rows[0] | {"id": "measured", "dataset": "timeqa_dev", "split": "train"})
    (path / "reader.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    claims = [
        {
            "id": f"c{n}",
            "dataset": "fever",
            "claim": "Ada led it.",
            "passage": "Ada led.",
            "label": label,
            "split": split,
        }
        for n, (label, split) in enumerate(
            [("supported", "train"), ("refuted", "train"), ("not_enough", "dev")]
        )
    ]
    (path / "support.jsonl").write_text("\n".join(map(json.dumps, claims)) + "\n")
    return path


@pytest.fixture(scope="module")
def tokenizer_file() -> Path:
    return packaged.folder("ms-marco-MiniLM-L12-v2", load_settings().cache) / "tokenizer.json"


@pytest.fixture(scope="module")
def trained(folder: Path, tokenizer_file: Path) -> list[data.Example]:
    return data.examples(folder, load_tokenizer(tokenizer_file), "train", seed=1)


def tiny() -> Network:
    torch.manual_seed(0)
    shape = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
    return Network(BertModel(BertConfig(vocab_size=30522, **shape), add_pooling_layer=False), 3)


def test_windows_hold_the_answer(trained: list[data.Example]) -> None:
    assert {one.id for one in trained if one.task == "read"} >= {"0", "1", "2", "3", "4", "5"}
    assert not any(one.id in {"left-out", "measured"} for one in trained)
    for one in trained:
        assert len(one.ids) == len(one.types) == len(one.offsets) <= data.MAX_TOKENS
        if one.start >= 0:
            assert one.passage[one.offsets[one.start][0] : one.offsets[one.end][1]] in one.answers
        elif one.task == "read":
            assert one.target == 0


def test_sets_to_measure_on_are_held_out_whole(folder: Path, tokenizer_file: Path) -> None:
    held_out = data.examples(folder, load_tokenizer(tokenizer_file), "dev", seed=1)
    assert {one.id for one in held_out if one.task == "read"} == {"6", "7", "measured"}


def test_batches_hold_everything_once_and_one_task_each(trained: list[data.Example]) -> None:
    made = train.batches(trained, 3, "seed")
    assert sorted(one.id for batch in made for one in batch) == sorted(one.id for one in trained)
    assert all(len({one.task for one in batch}) == 1 for batch in made)
    assert train.batches(trained, 3, "seed") == made


def test_sets_are_seen_as_often_as_wanted(trained: list[data.Example]) -> None:
    mixture = data.mixed(trained, seed=1)
    assert sum(one.dataset == "squad2" for one in mixture) == 2 * sum(
        one.dataset == "squad2" for one in trained
    )
    assert data.mixed(trained, seed=1) == mixture


def test_a_run_learns_and_an_interrupted_one_ends_alike(trained: list[data.Example], tmp_path: Path) -> None:
    recipe = train.Recipe(epochs=6, batch=3, rate=1e-3, head_rate=1e-2, frozen=0)
    quiet = lambda line: None  # noqa: E731
    nothing = lambda network: {}  # noqa: E731
    whole = tiny()
    made = train.batches(trained, 3, "seed")
    before = sum(train.loss_of(whole.eval(), batch).item() for batch in made)
    train.fit(whole, trained, recipe, checkpoint=tmp_path / "a.pt", say=quiet, measure=nothing)
    assert sum(train.loss_of(whole.eval(), batch).item() for batch in made) < before

    class Interrupted(Exception):
        pass

    seen = 0

    def stop(network: Network) -> dict[str, float]:
        nonlocal seen
        seen += 1
        if seen == 4:
            raise Interrupted
        return {}

    with pytest.raises(Interrupted):
        train.fit(tiny(), trained, recipe, checkpoint=tmp_path / "b.pt", say=quiet, measure=stop)
    resumed = tiny()
    train.fit(resumed, trained, recipe, checkpoint=tmp_path / "b.pt", say=quiet, measure=nothing)
    for one, other in zip(whole.state_dict().values(), resumed.state_dict().values(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


@pytest.mark.filterwarnings("ignore")  # the exporter's own, of many kinds
def test_what_is_exported_reads_as_the_network_does(
    folder: Path, tokenizer_file: Path, tmp_path: Path
) -> None:
    network = tiny().eval()
    checksum = export.export(network, tokenizer_file, tmp_path)
    assert len(checksum) == 64
    held_out = data.examples(folder, load_tokenizer(tokenizer_file), "dev", seed=1)
    floats = measure.measures(network, held_out)
    assert measure.measure_export(tmp_path, held_out).keys() == floats.keys()
    reader = Reader(tmp_path)
    for one in held_out:
        if one.task == "read":
            with torch.inference_mode():
                logit = network(*train.tensors([one])).answers[0]
            (reading,) = reader.read(one.question, [one.shown])
            assert reading.answers == pytest.approx(float(torch.sigmoid(logit)), abs=0.05)


def test_the_three_inputs_stay_apart(tokenizer_file: Path, tmp_path: Path) -> None:
    """Another question on the same passage must not read the same."""
    export.write_float(tiny(), tmp_path / "model.onnx")
    (tmp_path / "tokenizer.json").write_bytes(tokenizer_file.read_bytes())
    reader = Reader(tmp_path)
    one, other = (
        reader.read(question, ["Ada led the town."])[0] for question in ("Who led?", "Where is it?")
    )
    assert one.answers != other.answers


def test_the_folder_is_found_in_or_beside_the_one_given(folder: Path, tmp_path: Path) -> None:
    bench = folder.parent / "bench"
    assert training_folder(folder) == training_folder(folder.parent) == training_folder(bench) == folder
    with pytest.raises(SystemExit, match=r"no reader\.jsonl"):
        training_folder(tmp_path)
