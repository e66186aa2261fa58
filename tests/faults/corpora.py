"""Corpora whose articles say of which generation they are."""

from pathlib import Path


def write(folder: Path, generation: str, names: str) -> Path:
    """Articles of two passages, each of which names the generation."""
    folder.mkdir()
    for name in names:
        passages = (f"Passage {number} of {name}, generation {generation}. " * 6 for number in range(2))
        text = f"About {name}\n\n" + "\n\n".join(passages)
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    return folder
