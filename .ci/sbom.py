"""What the environment is made of, weights included: a CycloneDX bill of materials, and its licences.

    python .ci/sbom.py sbom FILE      write the bill (JSON)
    python .ci/sbom.py licences       print the licences; status 1 if one is unknown or not allowed

The packages are those of the Python that runs this, as cyclonedx-py finds them. It runs in an environment of
its own (by uv, from PyPI): what it requires makes other programs here slower to start.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assistant.models.table import TABLE

CHECKOUT = Path(__file__).parents[1]

ALLOWED = re.compile(
    r"MIT|Apache|BSD|ISC|PSF|Python-2\.0|Zlib|CC0|BSL-1\.0|Unlicense|HPND|MPL-2\.0|Mozilla Public License 2"
)
"""One of the licences that a component names matches; the Mozilla licence binds its own files only."""

LOOKED_UP = {
    "axe-playwright-python": "MIT",
    "overrides": "Apache-2.0",
    "protobuf": "BSD-3-Clause",
    "ray": "Apache-2.0",
    "tiktoken": "MIT",
    "transformers": "Apache-2.0",
    "tld": "MPL-1.1 OR GPL-2.0-only OR LGPL-2.1-or-later",
    "pyte": "LGPL-3.0-only (a terminal for the tests, not part of the program)",
}
"""Of packages whose metadata name none, or one that is not in general allowed; from their source."""


def bill() -> dict[str, Any]:
    """The bill of materials: cyclonedx-py's for the packages, with the weights."""
    command = [str(Path(sys.executable).with_name("uv")), "tool", "run", "--from", "cyclonedx-bom>=7,<8"]
    command += ["cyclonedx-py", "environment", sys.executable, "--of", "JSON"]
    command += ["--pyproject", str(CHECKOUT / "pyproject.toml")]
    made: dict[str, Any] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    made["components"] += [
        {
            "type": "machine-learning-model",
            "bom-ref": f"weights-{model.name}",
            "name": model.name,
            "description": f"{model.role}, carried by {model.carriers[0].requirement}"
            + f" to {model.carriers[-1].requirement}" * (len(model.carriers) > 1),
            "hashes": [{"alg": "SHA-256", "content": model.sha256}],
            "licenses": [{"license": {"id": model.licence}}],
        }
        for model in TABLE
    ]
    return made


def licences(components: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Each component with its licence, as it names it; "" where none is known."""
    carriers = {carrier.distribution: model.licence for model in TABLE for carrier in model.carriers}
    for component in components:
        named = [
            one.get("expression") or one["license"].get("id") or one["license"]["name"]
            for one in component.get("licenses", [])
        ]
        named = [one.removeprefix("License :: OSI Approved :: ") for one in named]
        name = component["name"]
        said = LOOKED_UP.get(name) or " / ".join(dict.fromkeys(named)) or carriers.get(name, "")
        yield f"{name} {component.get('version', '')}".strip(), said


def main(arguments: list[str]) -> int:
    """0; 1 if a licence is unknown or not allowed."""
    made = bill()
    if arguments[:1] == ["sbom"]:
        target = Path(arguments[1])
        target.parent.mkdir(exist_ok=True)
        target.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
        print(f"{target}: {len(made['components'])} components, {len(TABLE)} of them weights")
        return 0
    by_licence: dict[str, list[str]] = defaultdict(list)
    for component, licence in licences(made["components"]):
        by_licence[licence].append(component)
    for licence, components in sorted(by_licence.items(), key=lambda item: -len(item[1])):
        print(f"{licence or 'UNKNOWN'} ({len(components)}): {', '.join(sorted(components, key=str.lower))}")
    bad = [one for one in by_licence if not ALLOWED.search(one) and one not in LOOKED_UP.values()]
    for licence in bad:
        print(f"not allowed: {licence or 'unknown'}: {', '.join(by_licence[licence])}", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
