"""What the try-it page weighs and how soon it is painted, in headless Chromium on this machine."""

import gzip
import platform
import statistics
import urllib.request
from pathlib import Path
from typing import Any

from http_client import ours, server
from report import markdown

CHROMIUM = Path("/usr/bin/chromium")
FILES = ("/", "/static/page.css", "/static/page.js", "/static/marks.js", "/static/files.js", "/static/icon.svg")
PAINTED = """() => new Promise((resolve) => new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (one.name === 'first-contentful-paint') resolve(one.startTime);
}).observe({type: 'paint', buffered: true}))"""


def about_the_page(bundle: Path, port: int) -> str:
    """A table of bytes, and the median first paint of ten loads without a cache."""
    with server(ours(bundle, port), port, "/readyz"):
        sizes = {path: urllib.request.urlopen(f"http://127.0.0.1:{port}{path}").read() for path in FILES}
        painted = first_paints(f"http://127.0.0.1:{port}/")
    rows = [[f"`{path}`", f"{len(data):,}", f"{len(gzip.compress(data)):,}"] for path, data in sizes.items()]
    total = [sum(map(len, sizes.values())), sum(len(gzip.compress(data)) for data in sizes.values())]
    rows.append(["together", *(f"{size:,}" for size in total)])
    text = markdown(["try-it page", "bytes", "were it gzipped"], rows)
    if not painted:
        return f"{text}\nFirst paint not measured: no {CHROMIUM}.\n"
    low, middle, high = min(painted), statistics.median(painted), max(painted)
    return (
        f"{text}\nFirst contentful paint in headless Chromium ({platform.machine()}), {len(painted)} loads without a "
        f"cache: median {middle:.0f} ms, {low:.0f} to {high:.0f}.\n"
    )


def first_paints(url: str, loads: int = 10) -> list[float]:
    """Milliseconds from navigation to the first paint with content, a fresh context each."""
    if not CHROMIUM.exists():
        return []
    from playwright.sync_api import sync_playwright

    found: list[float] = []
    with sync_playwright() as playwright:
        browser: Any = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        for _ in range(loads + 1):
            context = browser.new_context()
            page = context.new_page()
            page.goto(url)
            found.append(page.evaluate(PAINTED))
            context.close()
        browser.close()
    return found[1:]  # the first one warms the browser up
