"""How fast the scoring path is, as ratios within one run: `make bench-speed BUNDLE=bundles/encoder-int8`.

    python tests/bench/speed.py BUNDLE [--linear BUNDLE] [--only NAME]... [--small]

Every measurement is a function that gives rows (measure, found, beside). Results are kept in
.cache/bench/speed.json, so `--only` repeats single ones; the whole table goes into benchmarks.md.
"""

import argparse
import json
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from agreement import batches, gate
from articles import corpus_paragraphs, mixed_articles, write_pages, write_warc
from cells import CACHE, ROOT
from precision import precision
from report import markdown, replace_section
from score_runs import only_read, score, score_measured, tables
from timing import REPEATS, rate, times

from communique.model.onnx import usable_cores
from communique.serve.tagger import load

Rows = list[tuple[str, str, str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path, help="an encoder bundle, int8 for the fastest")
    parser.add_argument("--linear", type=Path, default=ROOT / "bundles" / "linear")
    parser.add_argument("--only", action="append", default=[], choices=sorted(MEASUREMENTS))
    parser.add_argument("--small", action="store_true", help="a tenth of the paragraphs, to try it")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks.md")
    options = parser.parse_args()
    scale = 10 if options.small else 1
    store = CACHE / "speed.json"
    results: dict[str, Rows] = json.loads(store.read_text("utf-8")) if store.is_file() else {}
    for name in options.only or MEASUREMENTS:
        print(f"{name} …", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            results[name] = MEASUREMENTS[name](options.bundle, options.linear, Path(folder), scale)
        store.parent.mkdir(parents=True, exist_ok=True)
        store.write_text(json.dumps(results), encoding="utf-8")
    rows = [list(row) for name in MEASUREMENTS for row in results.get(name, [])]
    table = markdown(["measure", "found", "beside"], rows)
    about = f"{processor()}, {usable_cores()} cores; bundle {options.bundle.name}, batch of one, one thread a core"
    replace_section(options.out, "speed", f"_{about}_\n\n{table}")
    print(table)


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines() if Path("/proc/cpuinfo").is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"


def encoder(bundle: Path, linear: Path, folder: Path, scale: int) -> Rows:
    """The encoder alone, gate off, against the transformers pipeline with the same backbone, by turns."""
    from peers import int8_operations, pipeline_with

    texts = corpus_paragraphs()[: 5000 // scale]
    tagger = load(bundle)
    batched, single = pipeline_with(32), pipeline_with(1)
    part = texts[:: max(1, len(texts) // (1000 // scale))]  # the slow ones read every fifth
    classifier = getattr(tagger.bundle.classifier, "first", tagger.bundle.classifier)
    ours, graph, theirs, alone = [], [], [], []
    for _ in range(REPEATS):
        ours += rate(lambda: tagger.tag_paragraphs(texts), len(texts), 1)
        graph += rate(lambda: classifier.scores(texts), len(texts), 1)
        theirs += rate(lambda: batched(part), len(part), 1)
        alone += rate(lambda: single(part[: len(part) // 2]), len(part) // 2, 1)
    lengths = [len(encoding.ids) for encoding in _tokenizer(bundle).encode_batch(texts)]
    share = _arithmetic(bundle, sum(lengths)) / (len(texts) / statistics.median(graph)) / int8_operations()
    spread = f"median of {REPEATS}, {min(ours):.0f} to {max(ours):.0f}"
    quarters = "/".join(f"{q:.0f}" for q in np.percentile(lengths, (5, 50, 95)))
    return [
        (f"{len(texts)} paragraphs of the corpus, gate off", f"{statistics.median(ours):.0f} paragraphs/s", spread),
        ("tokens a paragraph, 5/50/95 %", quarters, ""),
        ("transformers pipeline, batch 32", times(ours, theirs), f"{statistics.median(theirs):.0f} paragraphs/s"),
        ("transformers pipeline, batch 1", times(ours, alone), f"{statistics.median(alone):.0f} paragraphs/s"),
        ("share of the processor's int8 matrix limit", f"{share:.0%}", "encoder graph alone"),
    ]


def setfit(bundle: Path, linear: Path, folder: Path, scale: int) -> Rows:
    """SetFit's predict with the same backbone, in its own environment, by turns with ours."""
    from peers import setfit_rate

    texts = corpus_paragraphs()[: 1000 // scale]
    tagger = load(bundle)
    ours, theirs = [], []
    for _ in range(REPEATS):
        ours += rate(lambda: tagger.tag_paragraphs(texts), len(texts), 1)
        theirs.append(setfit_rate(texts, folder))
    return [("SetFit predict", times(ours, theirs), f"{statistics.median(theirs):.0f} paragraphs/s")]


def cascade(bundle: Path, linear: Path, folder: Path, scale: int) -> Rows:
    """Gate and copies on a folder as crawls are: 15 % of the paragraphs relevant, 20 % syndicated."""
    from peers import pipeline_with

    articles = mixed_articles(6000 // scale, relevant=0.15, syndicated=0.2)
    source = folder / "crawl.jsonl"
    source.write_text("".join(json.dumps(article) + "\n" for article in articles), encoding="utf-8")
    run = score(source, bundle, folder / "gate")
    whole = score(source, bundle, folder / "whole", "--no-gate")
    texts = [text for article in articles for text in article["text"].split("\n\n")]
    sample, batched = texts[:: max(1, len(texts) // 500)], pipeline_with(32)
    theirs = rate(lambda: batched(sample), len(sample), 1)
    gate = json.loads((folder / "gate" / "run.json").read_text("utf-8"))["gate"]
    speed, plain = run["paragraphs"] / run["seconds"], whole["paragraphs"] / whole["seconds"]
    rows = [
        (
            f"crawl of {run['paragraphs']} paragraphs, whole command",
            f"{speed:.0f} paragraphs/s",
            f"{plain:.0f} without the gate",
        ),
        ("the same beside the pipeline, batch 32", f"{speed / theirs[0]:.1f} times", f"{theirs[0]:.0f} paragraphs/s"),
    ]
    if gate:
        rows.append(
            (
                "not read by the encoder",
                f"{gate['skipped']:.0%}",
                f"recall on validation {gate['recall_on_validation']:.2%}",
            )
        )
    return rows


def pages(bundle: Path, linear: Path, folder: Path, scale: int) -> Rows:
    """The linear bundle, whole command, over HTML pages: speed, memory, the share of reading."""
    rows: Rows = []
    for count in (2000 // scale, 20000 // scale):
        source = folder / f"pages{count}"
        write_pages(source, count)
        run, peak = score_measured(source, linear, folder / f"out{count}")
        rows.append(
            (
                f"{count} HTML pages, linear bundle, whole command",
                f"{count / run['seconds']:.0f} articles/s",
                f"{peak:.0f} MB at most, all processes",
            )
        )
    reading = f"{count / only_read(source):.0f} articles/s"
    rows.append(("reading and cutting those alone", reading, "no model, no tables"))
    return rows


def warc(bundle: Path, linear: Path, folder: Path, scale: int) -> Rows:
    write_warc(folder / "crawl.warc.gz", 10000 // scale)
    run = score(folder / "crawl.warc.gz", linear, folder / "out")
    return [
        (f"WARC of {10000 // scale} records, linear bundle", f"{run['articles'] / run['seconds']:.0f} records/s", "")
    ]


def ray(bundle: Path, linear: Path, folder: Path, scale: int) -> Rows:
    """Ray with one and two actors against the local engine: the rows must be the same, bit for bit."""
    source = folder / "pages"
    write_pages(source, 3000 // scale)
    local = score(source, linear, folder / "local")
    rows: Rows = [("local engine", f"{local['paragraphs'] / local['seconds']:.0f} paragraphs/s", "")]
    for actors in (1, 2):
        out = folder / f"ray{actors}"
        run = score(source, linear, out, "--engine", "ray", "--workers", str(actors))
        same = tables(out) == tables(folder / "local")
        beside = f"{run['seconds'] / local['seconds']:.1f} times the local engine's time"
        rows.append((f"Ray, {actors} actor{'s'[: actors - 1]}", "rows identical" if same else "ROWS DIFFER", beside))
    return rows


def start(bundle: Path, linear: Path, folder: Path, scale: int) -> Rows:
    """A cold start: one short file, from the shell to the table."""
    (folder / "one.txt").write_text("\n\n".join(corpus_paragraphs()[:3]), encoding="utf-8")
    seconds = []
    for number in range(5):
        began = time.monotonic()
        score(folder / "one.txt", bundle, folder / f"out{number}")
        seconds.append(time.monotonic() - began)
    return [
        (
            "cold start of `communique score`, one short file",
            f"{statistics.median(seconds):.2f} s",
            f"{min(seconds):.2f} to {max(seconds):.2f}",
        )
    ]


MEASUREMENTS: dict[str, Callable[[Path, Path, Path, int], Rows]] = {
    "encoder": encoder,
    "setfit": setfit,
    "cascade": cascade,
    "gate": gate,
    "batches": batches,
    "precision": precision,
    "pages": pages,
    "warc": warc,
    "ray": ray,
    "start": start,
}


def _tokenizer(bundle: Path):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(bundle / "tokenizer.json"))
    tokenizer.no_padding()
    return tokenizer


def _arithmetic(bundle: Path, tokens: int) -> float:
    """Multiply-adds, twice, of the graph's weight matrices over so many tokens."""
    import onnx

    graph = onnx.load(bundle / "model.onnx").graph
    read = {name for node in graph.node if "MatMul" in node.op_type for name in node.input}
    sizes = [int(np.prod(w.dims)) for w in graph.initializer if w.name in read and len(w.dims) == 2]
    return 2.0 * sum(sizes) * tokens


if __name__ == "__main__":
    main()
