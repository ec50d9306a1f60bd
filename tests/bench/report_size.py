"""How large and how fast a report of 5,000 articles is: `make bench-report`.

    python tests/bench/report_size.py [BUNDLE] [--articles N] [--repeats N]

The articles are paragraphs of the corpus under invented outlets and dates (newsroom.py), scored once with the bundle
and kept in .cache/bench. Needs Playwright and Debian's chromium. Written into benchmarks.md.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from cells import CACHE, ROOT
from newsroom import scored_newsroom
from report import markdown, replace_section
from speed import processor

from communique.model.onnx import usable_cores

CHROMIUM = "/usr/bin/chromium"
QUERIES = ["ceasefire", '"african union"', "chisinau guarantees", "nowhere to be found"]
# From a change of the search field to the paint of its results, in ms; the page waits 150 ms for further letters.
SEARCH = """(words) => new Promise((resolve) => {
    const began = performance.now();
    new MutationObserver((changes, observer) => {
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - began)));
    }).observe(document.getElementById("status"), { childList: true });
    const field = document.getElementById("query");
    field.value = words;
    field.dispatchEvent(new Event("input", { bubbles: true }));
})"""
PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


@dataclass(frozen=True)
class Made:
    """One run of `communique report`: what it said, wall and processor seconds, and its largest memory in MB."""

    said: dict
    seconds: float
    processor: float
    memory: float


@dataclass(frozen=True)
class Opened:
    """One opening in a fresh browser context, in ms from navigation; `searches` in ms each."""

    paint: float
    ready: float
    searches: list[float]
    heap: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path, nargs="?", default=ROOT / "bundles" / "linear")
    parser.add_argument("--articles", type=int, default=5000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks.md")
    options = parser.parse_args()
    folder = scored_newsroom(options.articles, options.bundle)
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        page = Path(scratch) / "report.html"
        made = [make(folder, page) for _ in range(options.repeats)]
        opened = open_page(page, options.repeats)
    load = os.getloadavg()[0]
    machine = f"{processor()}, {usable_cores()} cores, other work and this a load of {load:.1f}"
    about = f"{machine}; bundle {options.bundle.name}; median of {options.repeats}"
    table = markdown(["measure", "found", "lowest to highest", "aimed at"], rows(made, opened))
    replace_section(options.out, "report", f"_{about}_\n\n{table}")
    print(table)


def make(folder: Path, page: Path) -> Made:
    command = [sys.executable, "-m", "communique.serve.cli", "--quiet", "report", str(folder)]
    began = time.monotonic()
    with subprocess.Popen([*command, "--out", str(page), "--json"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(process.returncode)
    used = usage.ru_utime + usage.ru_stime
    return Made(json.loads(said), time.monotonic() - began, used, usage.ru_maxrss * 1024 / 1e6)


def open_page(page: Path, repeats: int) -> list[Opened]:
    from playwright.sync_api import sync_playwright

    found = []
    with sync_playwright() as started:
        for _ in range(repeats):
            browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            tab = browser.new_page()
            tab.goto(page.as_uri(), wait_until="commit")
            tab.wait_for_selector("#filters", state="visible")
            ready = tab.evaluate("performance.now()")
            paint = tab.evaluate(PAINT)
            tab.select_option("#topic", label="all")
            searches = [tab.evaluate(SEARCH, words) for words in QUERIES]
            heap = tab.evaluate("performance.memory.usedJSHeapSize") / 1e6
            found.append(Opened(paint, ready, searches, heap))
            browser.close()
    return found


def rows(made: list[Made], opened: list[Opened]) -> list[list[str]]:
    said = made[0].said
    held = f"{said['articles']:,} articles, {said['paragraphs']:,} paragraphs"
    worst = [max(one.searches) for one in opened]
    return [
        ["in the page", held, "", f"all ({said['paragraphs_left_out']:,} left out)"],
        ["size", f"{said['bytes'] / 1e6:.1f} MB", "", "under 30 MB"],
        ["`communique report`", *_spread([one.seconds for one in made], "s"), ""],
        ["its processor time", *_spread([one.processor for one in made], "s"), ""],
        ["its memory", *_spread([one.memory for one in made], "MB", ".0f"), ""],
        ["first paint in headless Chromium", *_spread([one.paint / 1000 for one in opened], "s", ".2f"), "under 2 s"],
        ["every article can be searched", *_spread([one.ready / 1000 for one in opened], "s"), ""],
        [f"slowest of {len(QUERIES)} searches of all text", *_spread([one / 1000 for one in worst], "s", ".2f"), ""],
        ["memory of the page's script", *_spread([one.heap for one in opened], "MB", ".0f"), ""],
    ]


def _spread(values: list[float], unit: str, form: str = ".1f") -> list[str]:
    return [f"{statistics.median(values):{form}} {unit}", f"{min(values):{form}} to {max(values):{form}}"]


if __name__ == "__main__":
    main()
