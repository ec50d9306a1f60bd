"""What the HTTP benchmarks share: requests as bytes, clients that send them, servers, and what servers use."""

import asyncio
import itertools
import json
import os
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

from communique.serve.inputs import find_inputs
from communique.serve.reading import read_articles
from communique.serve.segment import segment

ROOT = Path(__file__).resolve().parents[2]
HANG = 30.0
COME_BACK = 429


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


def ask(
    path: str,
    body: bytes,
    kind: str = "json",
    media: str = "application/json",
    token: str | None = None,
    **expected: object,
) -> Ask:
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: {media}\r\ncontent-length: {len(body)}\r\n"
    head += f"authorization: Bearer {token}\r\n" if token else ""
    return Ask(kind, head.encode() + b"\r\n" + body, **expected)  # type: ignore[arg-type]


def problem(one: Ask, status: int, body: bytes) -> str | None:
    """What is wrong with an answer, if anything."""
    if status != one.status:
        return f"{one.kind}: {status} instead of {one.status}"
    if one.paragraphs is not None and json.loads(body)["paragraphs"] != one.paragraphs:
        return f"{one.kind}: another answer"
    return None


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


async def run_clients(port: int, clients: int, seconds: float, asks: list[Ask], come_back: bool = False) -> Load:
    """Clients that each send the next request as soon as they have their answer; with `come_back` 429 is none."""
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
            if status == COME_BACK and come_back:
                load.kinds["429"] += 1
                await asyncio.sleep(0.1)
            elif wrong := problem(one, status, body):
                load.wrong.append(wrong)
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
def server(command: list[str], port: int, health: str, **variables: str) -> Iterator[int]:
    """Run a server until its health path answers; gives its process id. Raises RuntimeError with its last words."""
    # MLflow calls uvicorn by name.
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", **variables}
    with tempfile.TemporaryFile("w+") as words:
        process = subprocess.Popen(
            command, stdout=words, stderr=words, cwd=ROOT, env=environment, start_new_session=True
        )
        try:
            for _ in range(1800):
                if process.poll() is not None:
                    words.seek(0)
                    raise RuntimeError(" ".join(words.read().split())[-300:])
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}{health}", timeout=2).close()
                    break
                except OSError:
                    time.sleep(0.1)
            else:
                raise RuntimeError("did not answer within three minutes")
            yield process.pid
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def ours(bundle: Path, port: int, *options: str) -> list[str]:
    command = [sys.executable, "-m", "communique.serve.cli", "--quiet", "serve", "--model", str(bundle)]
    return [*command, "--port", str(port), *options]


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
