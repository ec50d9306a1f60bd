"""What becomes of inputs that break other tools: `make bench-inputs` makes each, scores it, writes what happened.

python tests/bench/bad_inputs.py BUNDLE [--out benchmarks.md]
"""

import argparse
import gzip
import io
import json
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from articles import corpus_paragraphs, page, write_warc
from cells import ROOT
from report import markdown, replace_section

LIMIT_SECONDS = 300
ARTICLE = "\n\n".join(corpus_paragraphs()[:3])


def parquet_cut(path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"title": ["Report"] * 50, "text": [ARTICLE] * 50}), path)
    path.write_bytes(path.read_bytes()[:-200])


def warc_cut(path: Path) -> None:
    write_warc(path, 20)
    path.write_bytes(path.read_bytes()[:-3000])


def zip_outside(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../outside.txt", ARTICLE)
        archive.writestr("/etc/inside.txt", ARTICLE)


def gzip_bomb(path: Path) -> None:
    with gzip.open(path, "wb") as file:
        for _ in range(2000):
            file.write(b"0" * 1_000_000)


def deep(path: Path) -> None:
    body = page(1, corpus_paragraphs()[:3]).decode()
    path.write_text(body.replace("<article>", "<div>" * 5000 + "<article>"), encoding="utf-8")


def huge_page(path: Path) -> None:
    paragraphs = "".join(f"<p>{text}</p>" for text in corpus_paragraphs()[:100])
    path.write_text("<html><body>" + paragraphs * (29_000_000 // len(paragraphs)) + "</body></html>", encoding="utf-8")


def long_line(path: Path) -> None:
    line = io.StringIO()
    line.write('{"text": "')
    line.write("The truce holds. " * (200_000_000 // 17))
    path.write_text(line.getvalue() + '"}\n' + json.dumps({"text": ARTICLE}) + "\n", encoding="utf-8")


def loop(path: Path) -> None:
    path.mkdir()
    (path / "again").symlink_to(path)
    (path / "self.txt").symlink_to(path / "self.txt")
    (path / "fine.txt").write_text(ARTICLE, encoding="utf-8")


def newline_name(path: Path) -> None:
    path.mkdir()
    (path / "a\nb \udcff.txt").write_text(ARTICLE, encoding="utf-8")


def page_folder(path: Path) -> None:
    path.mkdir()
    (path / "inner.txt").write_text(ARTICLE, encoding="utf-8")


def many(path: Path) -> None:
    path.mkdir()
    for number in range(100_000):
        folder = path / f"{number // 1000:03}"
        folder.mkdir(exist_ok=True)
        (folder / f"{number:06}.txt").write_bytes(b"The truce holds, the envoy said on day %d." % number)


def unreadable(path: Path) -> None:
    path.mkdir()
    (path / "dangling.txt").symlink_to(path / "nowhere.txt")
    (path / "fine.txt").write_text(ARTICLE, encoding="utf-8")


INPUTS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "empty file": ("empty.txt", lambda p: p.touch()),
    "0xFF bytes": ("ff.txt", lambda p: p.write_bytes(b"\xff" * 4000)),
    "UTF-16 without a mark": ("wide.txt", lambda p: p.write_bytes(ARTICLE.encode("utf-16-le"))),
    "200 MB line, then a good one": ("line.jsonl", long_line),
    "HTML of 29 MB": ("huge.html", huge_page),
    "HTML nested 5,000 deep": ("deep.html", deep),
    "gzip bomb, 2 GB of zeros": ("bomb.txt.gz", gzip_bomb),
    "ZIP with ../ and absolute names": ("outside.zip", zip_outside),
    "symbolic links in a circle": ("loop", loop),
    "symbolic link to nothing": ("unreadable", unreadable),
    "truncated WARC of 20 records": ("cut.warc.gz", warc_cut),
    "truncated Parquet": ("cut.parquet", parquet_cut),
    "JSON with other keys": ("keys.json", lambda p: p.write_text(json.dumps([{"foo": "x"}]), encoding="utf-8")),
    "folder named x.html": ("x.html", page_folder),
    "file name with a line break and a stray byte": ("names", newline_name),
    "100,000 tiny files": ("many", many),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--only", action="append", default=[], choices=list(INPUTS))
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks.md")
    options = parser.parse_args()
    rows = []
    for name in options.only or INPUTS:
        with tempfile.TemporaryDirectory() as folder:
            rows.append(tried(name, options.bundle, Path(folder)))
        print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
    table = markdown(["input", "articles", "failed", "exit", "seconds", "what errors.jsonl says"], rows)
    if not options.only:
        replace_section(options.out, "inputs", table)
    print(table)


def tried(name: str, bundle: Path, folder: Path) -> list[str]:
    """Make one input and score it with the whole command."""
    file, make = INPUTS[name]
    make(folder / file)
    command = [sys.executable, "-m", "communique.serve.cli", "--quiet", "score", str(folder / file)]
    began = time.monotonic()
    shown = subprocess.run(
        [*command, "--model", str(bundle), "--out", str(folder / "out"), "--json"],
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    seconds = f"{time.monotonic() - began:.1f}"
    if shown.returncode > 1:
        return [name, "–", "–", str(shown.returncode), seconds, shown.stderr.strip().splitlines()[-1]]
    result = json.loads(shown.stdout)
    errors = (folder / "out" / "errors.jsonl").read_text("utf-8").splitlines()
    messages = "; ".join(dict.fromkeys(json.loads(line)["message"] for line in errors))
    return [name, str(result["articles"]), str(result["failed"]), str(shown.returncode), seconds, messages]


if __name__ == "__main__":
    main()
