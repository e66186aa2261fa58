"""Corpora whose articles say of which generation they are."""

from pathlib import Path


def write(folder: Path, generation: str, names: str, passages: int = 2) -> Path:
    """Articles, each passage of which names the generation."""
    folder.mkdir()
    for name in names:
        said = (f"Passage {number} of {name}, generation {generation}. " * 6 for number in range(passages))
        text = f"About {name}\n\n" + "\n\n".join(said)
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    return folder
