"""`communique score` as a command of its own: its result, its memory, what it wrote; and reading alone."""

import json
import subprocess
import sys
import time
from pathlib import Path

from communique.model.onnx import usable_cores


def only_read(source: Path) -> float:
    """Seconds for reading and cutting alone, with the workers that `score` has."""
    from communique.serve.cut import read_items
    from communique.serve.inputs import find_inputs
    from communique.serve.pool import ParserPool
    from communique.serve.worker import ParseOptions

    files, _ = find_inputs([str(source)])
    began = time.monotonic()
    with ParserPool(usable_cores(), ParseOptions(), 60.0) as pool:
        for _results in pool.run(item for file in files for item in read_items(file)):
            pass
    return time.monotonic() - began


def command(source: Path, bundle: Path, out: Path, *options: str) -> list[str]:
    """The command line that scores a source."""
    words = [sys.executable, "-m", "communique.serve.cli", "--quiet", "score", str(source)]
    return [*words, "--model", str(bundle), "--out", str(out), "--json", *options]


def score(source: Path, bundle: Path, out: Path, *options: str) -> dict:
    """Score by the command; its result."""
    shown = subprocess.run(command(source, bundle, out, *options), capture_output=True, text=True, check=False)
    if shown.returncode not in (0, 1):
        raise SystemExit(shown.stderr)
    return json.loads(shown.stdout)


def score_measured(source: Path, bundle: Path, out: Path) -> tuple[dict, float]:
    """The result and the most memory that the command and its workers held at once, in MB (proportional set
    size, so that what they share counts once)."""
    process = subprocess.Popen(command(source, bundle, out), stdout=subprocess.PIPE, text=True)
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, sum(memory(pid) for pid in family(process.pid)))
        time.sleep(0.5)
    assert process.stdout is not None
    return json.loads(process.stdout.read()), peak


def tables(out: Path) -> dict[str, bytes]:
    """The bytes of each table of paragraphs."""
    return {file.name: file.read_bytes() for file in (out / "paragraphs").iterdir()}


def family(pid: int) -> list[int]:
    """A process and all that it started."""
    found = [pid]
    for parent in found:
        children = Path(f"/proc/{parent}/task/{parent}/children")
        if children.is_file():
            found += [int(child) for child in children.read_text().split()]
    return found


def memory(pid: int) -> float:
    """Proportional set size in MB."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000
