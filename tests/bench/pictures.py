"""The screenshots of docs/images, made again from the pages as they are: `make pictures`.

    python tests/bench/pictures.py [--linear BUNDLE] [--encoder BUNDLE] [--only NAME]...

The report is of the articles of newsroom.py, its article browser of the samples; the try-it page tags its own example.
The encoder should name holders. Needs Playwright, Debian's chromium and the extras report and http.
"""

import argparse
import io
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cells import ROOT
from newsroom import score, scored_newsroom

CHROMIUM = "/usr/bin/chromium"
IMAGES = ROOT / "docs" / "images"
ARTICLES = 5000
# Pixels that the report's bar of sections covers.
NAVIGATION = 42
TO_TOP = """([name, covered]) => scrollBy({
    top: document.querySelector(name).getBoundingClientRect().top - covered, behavior: "instant" })"""
# Of each picture: page, colour scheme, width, height, pixels a CSS pixel, the element at the top.
PICTURES: dict[str, tuple[str, str, int, int, float, str | None]] = {
    "report-light": ("newsroom", "light", 1280, 1150, 1, None),
    "report-dark": ("samples", "dark", 1280, 1000, 1, "#articles"),
    "report-phone": ("newsroom", "light", 390, 844, 1.5, None),
    "try-it-light": ("try-it", "light", 1160, 900, 1, "#results"),
    "try-it-dark": ("try-it", "dark", 1160, 900, 1, "#results"),
    "try-it-phone": ("try-it", "light", 390, 844, 1, "#results"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--linear", type=Path, default=ROOT / "bundles" / "linear")
    parser.add_argument("--encoder", type=Path, default=ROOT / "bundles" / "encoder-int8")
    parser.add_argument("--only", action="append", default=[], choices=sorted(PICTURES))
    parser.add_argument("--out", type=Path, default=IMAGES)
    options = parser.parse_args()
    names = options.only or list(PICTURES)
    with tempfile.TemporaryDirectory() as scratch, served(options.encoder) as address:
        needed = {PICTURES[name][0] for name in names}
        pages = {"try-it": address}
        if "newsroom" in needed:
            folder = scored_newsroom(ARTICLES, options.linear)
            pages["newsroom"] = report(folder, Path(scratch) / "newsroom.html", "Truces, troops and promises")
        if "samples" in needed:
            score(ROOT / "serve" / "samples", options.encoder, Path(scratch) / "samples")
            pages["samples"] = report(Path(scratch) / "samples", Path(scratch) / "samples.html", "Fifteen articles")
        take(names, pages, options.out)


def report(folder: Path, page: Path, title: str) -> str:
    """Write the report of a scored folder; returns its address."""
    command = [sys.executable, "-m", "communique.serve.cli", "--quiet", "report", str(folder)]
    subprocess.run([*command, "--out", str(page), "--title", title], check=True, stdout=subprocess.DEVNULL)
    return page.as_uri()


@contextmanager
def served(bundle: Path) -> Iterator[str]:
    """`communique serve` on a free port, for as long as it is needed; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "communique.serve.cli", "--quiet", "serve", "--model", str(bundle)]
    process = subprocess.Popen([*command, "--port", str(port)], stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(f"{address}/readyz", timeout=5).close()
                break
            except OSError:
                time.sleep(0.5)
        yield address
    finally:
        process.terminate()
        process.wait()


def take(names: list[str], pages: dict[str, str], out: Path) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name in names:
            kind, scheme, width, height, scale, top = PICTURES[name]
            viewport = {"width": width, "height": height}
            context = browser.new_context(color_scheme=scheme, viewport=viewport, device_scale_factor=scale)
            page = context.new_page()
            page.goto(pages[kind])
            (tag_example if kind == "try-it" else read)(page)
            if top:
                page.wait_for_timeout(1000)  # the page may be scrolling there itself, smoothly
                page.evaluate(TO_TOP, [top, 8 if kind == "try-it" else NAVIGATION])
                page.wait_for_timeout(300)
            save(page.screenshot(), out / f"{name}.png")
            context.close()
        browser.close()


def read(page: Any) -> None:
    """Wait until the report has its articles."""
    page.wait_for_selector("#filters", state="visible")


def tag_example(page: Any) -> None:
    """Have the try-it page tag its example."""
    page.click("#example")
    page.wait_for_selector("#results .chip", state="visible")


def save(png: bytes, path: Path) -> None:
    """Write a screenshot with 256 colours, a third of the bytes."""
    from PIL import Image

    image = Image.open(io.BytesIO(png)).convert("RGB")
    image.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
