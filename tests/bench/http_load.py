"""Requests a second and times to an answer of `communique serve`, beside itself without batching and MLflow's server.

Every request is one paragraph of the sample articles over a kept-open connection. The load is made
by this process, on the same machine, so compare the rows with each other. Then the soak (`http_soak`)
and the page's weight (`http_page`). Exits 1 when an answer was wrong or missing or memory grew.
"""

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
from collections import Counter
from pathlib import Path

from http_client import ROOT, Load, ask, ours, processor_seconds, run_clients, sample_paragraphs, server
from http_page import about_the_page
from http_soak import soak
from report import markdown, replace_section

from communique.model.bundle import read_manifest
from communique.model.errors import BundleError

CLIENTS = (1, 8, 64)


def mlflow_server(bundle: Path, port: int, folder: Path) -> list[str]:
    """Log the bundle to a store of its own as a training run does, and the command that serves it."""
    import mlflow

    from communique.train import tracking

    folder.mkdir()
    tracking.connect(f"sqlite:///{folder / 'mlflow.db'}", create=True)
    experiment = mlflow.create_experiment("bench", artifact_location=(folder / "artifacts").as_uri())
    with mlflow.start_run(experiment_id=experiment) as run:
        tracking.log_bundle(bundle, ["One paragraph."])
    (logged,) = mlflow.get_run(run.info.run_id).outputs.model_outputs
    model = mlflow.artifacts.download_artifacts(f"models:/{logged.model_id}", dst_path=str(folder / "model"))
    command = [str(Path(sys.executable).parent / "mlflow"), "models", "serve", "-m", model, "-p", str(port)]
    return [*command, "--env-manager", "local"]


def row(name: str, clients: int, load: Load, seconds: float, used: float) -> list[str]:
    times = sorted(load.seconds) or [float("nan")]
    p50, p99 = times[len(times) // 2], times[min(len(times) - 1, int(0.99 * len(times)))]
    cells = [name, str(clients), f"{len(load.seconds) / seconds:.0f}", f"{1000 * p50:.0f}", f"{1000 * p99:.0f}"]
    return [*cells, f"{1000 * used / max(1, len(load.seconds)):.1f}", str(len(load.wrong))]


def measure(bundle: Path, port: int, seconds: float) -> tuple[str, int]:
    """The table, and how many answers of our own server were wrong or missing."""
    texts = sample_paragraphs()
    tag = [ask("/v1/tag", json.dumps({"text": text, "segment": False}).encode()) for text in texts]
    frame = [json.dumps({"dataframe_split": {"columns": ["text"], "data": [[text]]}}).encode() for text in texts]
    rows: list[list[str]] = []
    reasons: list[str] = []
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        servers = {
            "communique serve": (lambda: ours(bundle, port, "--queue", "128"), "/readyz", tag),
            "communique serve --no-batching": (
                lambda: ours(bundle, port, "--queue", "128", "--no-batching"),
                "/readyz",
                tag,
            ),
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
                        wrong += len(load.wrong) if name.startswith("communique") else 0
                        rows.append(row(f"`{name}`", clients, load, seconds, used))
                        print(*rows[-1], *Counter(load.wrong).items(), file=sys.stderr)
            except (RuntimeError, ImportError) as error:
                reasons.append(f"`{name}` did not start: {error}")
                wrong += name.startswith("communique")
    head = ["server", "clients", "requests a second", "p50, ms", "p99, ms", "server CPU, ms", "wrong or unanswered"]
    return markdown(head, rows) + "".join(f"\n{reason}\n" for reason in reasons), wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--seconds", type=float, default=10.0, help="for each number of clients; 0 leaves the load out")
    parser.add_argument("--minutes", type=float, default=10.0, help="of the soak; 0 leaves it out")
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--note", default="", help="what else the machine was doing")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks.md")
    args = parser.parse_args()
    try:
        manifest = read_manifest(args.bundle.resolve())
    except BundleError as error:
        sys.exit(
            f"{error}\nOr name one that is there: make bench-http BUNDLE=bundles/quick (`make demo` makes that one)"
        )
    bundle = args.bundle.resolve()
    about = f"{args.bundle.name} ({manifest.family}), {platform.machine()}, {os.cpu_count()} cores"
    about += args.note and f"; {args.note}"
    failed = 0
    if args.seconds:
        table, failed = measure(bundle, args.port, args.seconds)
        replace_section(args.out, "http", f"_{about}, {args.seconds:g} s a row_\n\n{table}")
    if args.minutes:
        text, problems = soak(bundle, args.port, args.minutes)
        failed += len(problems)
        replace_section(args.out, "http-soak", f"_{about}_\n\n{text}")
        print(text, *problems, sep="\n", file=sys.stderr)
    replace_section(args.out, "http-page", about_the_page(bundle, args.port))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
