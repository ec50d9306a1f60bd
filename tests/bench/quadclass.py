"""UN QuadClass by config alone, over the protocol's five draws: `make bench-quadclass FAMILY=encoder`.

The data are not distributed with this repository (configs/quadclass.toml says where they are from). The published
figures are means over other draws of 85/15: comparable in size, not split by split.
"""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
from cells import CACHE, ROOT
from report import markdown, replace_section

from communique.train.config_file import load_config
from communique.train.run import train

SEEDS = range(5)
CONFIGS = {"linear": "quadclass.toml", "frozen": "quadclass.toml", "encoder": "quadclass-encoder.toml"}
SETTINGS = {"linear": [], "frozen": ["model.family=frozen"], "encoder": []}
PUBLISHED = [
    ["ConfliBERT-scr-cased (Osorio et al. 2024)", ".661 mean of epochs, .669 last epoch"],
    ["RoBERTa-base (the same)", ".651, .659"],
    ["BERT-base-uncased (the same)", ".636, .640"],
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("families", nargs="+", choices=SETTINGS)
    parser.add_argument("--data", type=Path, default=ROOT / "data" / "un_quadclass.jsonl")
    options = parser.parse_args()
    store = CACHE / "quadclass.json"
    found: dict[str, list[float]] = json.loads(store.read_text("utf-8")) if store.is_file() else {}
    keys = {family: key(family, options.data) for family in SETTINGS}
    for family in options.families:
        values = found.setdefault(keys[family], [])
        for seed in SEEDS[len(values) :]:
            values.append(macro_f1(family, seed, options.data.resolve()))
            store.parent.mkdir(parents=True, exist_ok=True)
            store.write_text(json.dumps(found), encoding="utf-8")
    rows = [
        [f"ours, `{family}`", f"{np.mean(values):.3f} ± {np.std(values, ddof=1):.3f} over {len(values)} draws"]
        for family, values in ((family, found.get(keys[family], [])) for family in SETTINGS)
        if len(values) > 1
    ]
    replace_section(
        ROOT / "benchmarks.md", "quadclass", "\n" + markdown(["model", "macro-F1, five classes"], [*rows, *PUBLISHED])
    )


def key(family: str, data: Path) -> str:
    """A family's name in the cache: with its config and the data, so that results of other ones are not mixed in."""
    parts = [
        (ROOT / "configs" / CONFIGS[family]).read_bytes(),
        json.dumps(SETTINGS[family]).encode(),
        data.read_bytes(),
    ]
    return f"{family}-{hashlib.sha256(b'|'.join(parts)).hexdigest()[:16]}"


def macro_f1(family: str, seed: int, data: Path) -> float:
    """Train on one draw and report the test split's macro-F1 over the five classes."""
    overrides = [
        f"corpus.paths=[{json.dumps(str(data))}]",
        f"split.seed={seed}",
        f"seed={seed}",
        "tracking.log_model=false",
    ]
    config = load_config(
        ROOT / "configs" / CONFIGS[family], [*overrides, *SETTINGS[family], f"name=quadclass-{family}"]
    )
    return float(train(config, export=False, only=["test"]).reports["test"]["topic_macro_f1"])


if __name__ == "__main__":
    main()
