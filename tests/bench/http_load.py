"""Requests a second and times to an answer of `communique serve`, beside itself without batching and MLflow's server.

Every request is one paragraph of the sample articles over a kept-open connection. The load is made
by this process, on the same machine, so compare the rows with each other. The soak sends good and
bad requests together and holds every answer against the Python API.
"""

import argparse
import asyncio
import itertools
import json
import os
import platform
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from report import markdown, replace_section

from communique.serve import load
from communique.serve.inputs import find_inputs
from communique.serve.reading import read_articles
from communique.serve.segment import segment

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = (1, 8, 64)
HANG = 30.0


@dataclass
class Load:
    """What the clients of one run saw."""

    seconds: list[float] = field(default_factory=list)
    failed: int = 0
    wrong: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Ask:
    """A request as bytes, the status it must get, and the answer's paragraphs (None: not compared)."""

    kind: str
    data: bytes
    status: int = 200
    paragraphs: list | None = None


def ask(path: str, body: bytes, kind: str = "json", media: str = "application/json", **expected: object) -> Ask:
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: {media}\r\ncontent-length: {len(body)}\r\n\r\n"
    return Ask(kind, head.encode() + body, **expected)  # type: ignore[arg-type]


class Connection:
    """One kept-open HTTP/1.1 connection, opened again when the server closes it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, data: bytes) -> tuple[int, bytes]:
        """(status, body) of the answer."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        try:
            writer.write(data)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
            body = await reader.readexactly(length)
        except (OSError, asyncio.IncompleteReadError):
            self.close()
            raise
        if b"connection: close" in head:
            self.close()
        return int(head.split(b" ", 2)[1]), body

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def run_clients(port: int, clients: int, seconds: float, asks: list[Ask]) -> Load:
    """Clients that each send the next request as soon as they have their answer."""
    load = Load()
    until = time.perf_counter() + seconds

    async def client(number: int) -> None:
        connection = Connection(port)
        for one in itertools.cycle(asks[number % len(asks) :] + asks[: number % len(asks)]):
            started = time.perf_counter()
            if started >= until:
                break
            load.kinds[one.kind] += 1
            try:
                status, body = await asyncio.wait_for(connection.send(one.data), HANG)
            except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
                load.failed += 1
                load.wrong.append(f"{one.kind}: {type(error).__name__}")
                connection.close()
                continue
            load.seconds.append(time.perf_counter() - started)
            if status != one.status:
                load.wrong.append(f"{one.kind}: {status} instead of {one.status}")
            elif one.paragraphs is not None and json.loads(body)["paragraphs"] != one.paragraphs:
                load.wrong.append(f"{one.kind}: another answer than the Python API")
        connection.close()

    await asyncio.gather(*(client(number) for number in range(clients)))
    return load


def sample_paragraphs() -> list[str]:
    texts = []
    for found in find_inputs([str(ROOT / "serve/samples")])[0]:
        root, file = Path(found.root), Path(found.location)
        texts += [paragraph.text for article in read_articles(file, root) for paragraph in segment(article)]  # type: ignore[arg-type]
    return texts


@contextmanager
def server(command: list[str], port: int, health: str) -> Iterator[int]:
    """Run a server until its health path answers; gives its process id. Raises RuntimeError with its last words."""
    # MLflow calls uvicorn by name.
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    with tempfile.TemporaryFile("w+") as words:
        process = subprocess.Popen(
            command, stdout=words, stderr=words, cwd=ROOT, env=environment, start_new_session=True
        )
        try:
            for _ in range(600):
                if process.poll() is not None:
                    words.seek(0)
                    raise RuntimeError(" ".join(words.read().split())[-300:])
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}{health}", timeout=2).close()
                    break
                except OSError:
                    time.sleep(0.1)
            else:
                raise RuntimeError("did not answer within a minute")
            yield process.pid
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def ours(bundle: Path, port: int, *options: str) -> list[str]:
    command = [sys.executable, "-m", "communique.serve.cli", "--quiet", "serve", "--model", str(bundle)]
    return [*command, "--port", str(port), "--queue", "128", *options]


def mlflow_server(bundle: Path, port: int, folder: Path) -> list[str]:
    """Log the bundle as MLflow does, and the command that serves it."""
    import mlflow

    mlflow.pyfunc.save_model(folder, loader_module="communique.train.pyfunc", data_path=str(bundle))
    command = [str(Path(sys.executable).parent / "mlflow"), "models", "serve", "-m", str(folder), "-p", str(port)]
    return [*command, "--env-manager", "local"]


def row(name: str, clients: int, load: Load, seconds: float, used: float) -> list[str]:
    times = sorted(load.seconds) or [float("nan")]
    p50, p99 = times[len(times) // 2], times[min(len(times) - 1, int(0.99 * len(times)))]
    cells = [name, str(clients), f"{len(load.seconds) / seconds:.0f}", f"{1000 * p50:.0f}", f"{1000 * p99:.0f}"]
    return [*cells, f"{1000 * used / max(1, len(load.seconds)):.1f}", str(len(load.wrong))]


def measure(bundle: Path, port: int, seconds: float) -> str:
    texts = sample_paragraphs()
    tag = [ask("/v1/tag", json.dumps({"text": text, "segment": False}).encode()) for text in texts]
    frame = [json.dumps({"dataframe_split": {"columns": ["text"], "data": [[text]]}}).encode() for text in texts]
    rows: list[list[str]] = []
    reasons: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        servers = {
            "communique serve": (lambda: ours(bundle, port), "/readyz", tag),
            "communique serve --no-batching": (lambda: ours(bundle, port, "--no-batching"), "/readyz", tag),
            "mlflow models serve": (
                lambda: mlflow_server(bundle, port, Path(folder) / "model"),
                "/health",
                [ask("/invocations", body) for body in frame],
            ),
        }
        for name, (command, health, asks) in servers.items():
            try:
                with server(command(), port, health) as pid:
                    asyncio.run(run_clients(port, 4, 1.0, asks))  # until everything is loaded
                    for clients in CLIENTS:
                        before = processor_seconds(pid)
                        load = asyncio.run(run_clients(port, clients, seconds, asks))
                        used = processor_seconds(pid) - before
                        rows.append(row(f"`{name}`", clients, load, seconds, used))
                        print(*rows[-1], *Counter(load.wrong).items(), file=sys.stderr)
            except (RuntimeError, ImportError) as error:
                reasons.append(f"`{name}` did not start: {error}")
    head = ["server", "clients", "requests a second", "p50, ms", "p99, ms", "server CPU, ms", "wrong or unanswered"]
    return markdown(head, rows) + "".join(f"\n{reason}\n" for reason in reasons)


def soak_asks(bundle: Path) -> list[Ask]:
    """Good requests, whose answers are known, and bad ones of every kind."""
    tagger = load(bundle)
    texts = sample_paragraphs()
    asks = [
        ask(
            "/v1/tag",
            json.dumps({"text": text}).encode(),
            "text",
            paragraphs=json.loads(json.dumps(tagger.tag(text).to_dict())),
        )
        for text in texts + ["\n\n".join(texts[n : n + 20]) for n in range(0, len(texts), 20)]
    ]
    for file in sorted((ROOT / "serve/samples").glob("*.html")):
        asks += [ask("/v1/articles", file.read_bytes(), "page", "text/html")] * 3
    page = (ROOT / "serve/samples/06-kharkiv-depot.html").read_bytes()
    deep = page.replace(b"<body>", b"<body>" + b"<div>" * 5_000)
    bad = [
        ask("/v1/tag", b"{", "no JSON", status=422),
        ask("/v1/tag", b"[" * 50_000, "deep JSON", status=422),
        ask("/v1/tag", b'{"text": 3}', "wrong type", status=422),
        ask("/v1/tag", b'{"text": "\\ud800 \\u0000 truce"}', "odd characters"),
        ask("/v1/tag", json.dumps({"texts": ["a"] * 1000}).encode(), "too many texts", status=422),
        ask("/v1/tag", b" " * 3_000_000, "too large", status=413),
        ask("/v1/articles", b"\x89PNG\r\n\x1a\n" * 100, "an image", "text/html", status=422),
        ask("/v1/articles", deep, "deep page", "text/html"),
        ask("/v1/articles", b"<p>x</p>", "wrong media type", "text/plain", status=415),
        ask("/v1/nothing", b"{}", "no such path", status=404),
    ]
    asks += bad * 4
    random.Random(7).shuffle(asks)
    return asks


def family_of(pid: int) -> set[int]:
    """A process and its descendants."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    family = {pid}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return family


def memory(pid: int) -> float:
    """Megabytes that a process and its descendants hold."""
    pages = 0
    for member in family_of(pid):
        try:
            pages += int(Path(f"/proc/{member}/statm").read_text().split()[1])
        except OSError:
            continue
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def processor_seconds(pid: int) -> float:
    """What a process and its descendants have used; hardly touched by what else the machine does."""
    ticks = 0
    for member in family_of(pid):
        try:
            ticks += sum(map(int, Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()[11:13]))
        except OSError:
            continue
    return ticks / os.sysconf("SC_CLK_TCK")


def soak(bundle: Path, port: int, minutes: float) -> str:
    asks = soak_asks(bundle)
    with server(ours(bundle, port), port, "/readyz") as pid:
        asyncio.run(run_clients(port, 16, min(10.0, 12 * minutes), asks))  # caches fill, processes start
        before = memory(pid)
        found = asyncio.run(run_clients(port, 16, 60 * minutes, asks))
        after = memory(pid)
    hangs = sum(count for what, count in Counter(found.wrong).items() if "Timeout" in what)
    print(Counter(found.wrong), found.kinds, file=sys.stderr)
    kinds = len(found.kinds)
    return (
        f"Soak: {minutes:g} minutes, 16 clients, {sum(found.kinds.values()):,} requests of {kinds} kinds good and bad: "
        f"{len(found.wrong) - hangs} wrong answers, {hangs} hangs; memory {before:.0f} MB after warming up, "
        f"{after:.0f} MB at the end.\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--seconds", type=float, default=10.0, help="for each number of clients")
    parser.add_argument("--minutes", type=float, default=10.0, help="of the soak; 0 leaves it out")
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--note", default="", help="what else the machine was doing")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks.md")
    args = parser.parse_args()
    bundle = args.bundle.resolve()
    name = json.loads((bundle / "bundle.json").read_text("utf-8"))["name"]
    about = f"{name}, {platform.machine()}, {os.cpu_count()} cores, {args.seconds:g} s a row"
    about += args.note and f"; {args.note}"
    text = f"_{about}_\n\n{measure(bundle, args.port, args.seconds)}"
    if args.minutes:
        text += f"\n{soak(bundle, args.port, args.minutes)}"
    replace_section(args.out, "http", text)
    print(text)


if __name__ == "__main__":
    main()
