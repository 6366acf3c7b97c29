"""How near does the server come to the model's own speed? All in one run.

    python benchmarks/serving.py --export=runs/NAME/export --out=OUT

Loopback; the server, the clients and each in-process caller are processes of
their own on the same processors. Writes OUT/table.md and OUT/numbers.json.
--memory asks 100,000 times and reloads 200 times as well.
"""

import concurrent.futures
import json
import multiprocessing
import pathlib
import statistics
import tempfile

import serving_load
from absl import app, flags
from serving_in_process import eager_rate, inputs, native_rate
from serving_memory import measure_memory
from serving_processes import Process, start_floor, start_server
from serving_requests import grpc_request, rest_request

from tfdisent.training.device import device_name

FLAGS = flags.FLAGS

SIGNATURES = ("encode", "decode", "traverse")
BATCHES = (1, 64)
CLIENTS = (1, 8, 32, 128)
# 128 clients send 0.7 GB of JSON at a time, and ask for 57,344 images.
ROOM = (f"--max_body_bytes={2**28}", f"--max_waiting_rows={2**16}")
# One at a time, whatever waits.
ALONE = "max_batch_size { value: 1 }\n"


class Bench:
    """The processes of one run, and what is measured with them."""

    def __init__(self, export: pathlib.Path, seconds: float):
        numbers = [int(p.name) for p in export.iterdir() if p.name.isdigit()]
        self._version = export / str(max(numbers))
        self._seconds = seconds
        spawn = multiprocessing.get_context("spawn")
        self._pools = {
            name: concurrent.futures.ProcessPoolExecutor(1, spawn)
            for name in ("native", "eager", "client")
        }

    def in_process(self, kind: str, signature: str, rows: int) -> float:
        """Calls a second of one thread, "native" or "eager"."""
        function = native_rate if kind == "native" else eager_rate
        arguments = (self._version, signature, rows, self._seconds)
        return self._pools[kind].submit(function, *arguments).result()

    def request(self, server: Process, protocol: str, signature: str, rows):
        """The request to send to a server."""
        call = self._pools["native"].submit(
            inputs, self._version, signature, rows
        )
        make = grpc_request if protocol == "gRPC" else rest_request
        return make(server, signature, call.result())

    def load(self, server: Process, request, clients: int) -> dict:
        """Asks for some seconds; adds the server's processor time."""
        before = server.cpu_seconds()
        call = self._pools["client"].submit(
            serving_load.run_load, request, clients, self._seconds
        )
        result = call.result()._asdict()
        used = server.cpu_seconds() - before
        return result | {"cpu_ms_per_request": used / result["asked"] * 1e3}

    def close(self) -> None:
        for pool in self._pools.values():
            pool.shutdown()


def measure_all(bench: Bench, server: Process) -> list[dict]:
    """One row for each protocol, signature, batch and number of clients."""
    rows = []
    for signature in SIGNATURES:
        for batch in BATCHES:
            limit = {
                kind: bench.in_process(kind, signature, batch)
                for kind in ("native", "eager")
            }
            for protocol in ("gRPC", "REST"):
                request = bench.request(server, protocol, signature, batch)
                for clients in CLIENTS:
                    row = {"signature": signature, "batch": batch}
                    row |= {"protocol": protocol, "in_process": limit}
                    row |= bench.load(server, request, clients)
                    rows.append(row)
                    print(line(row), flush=True)
    return rows


def line(row: dict) -> str:
    """A row of the table."""
    limit = row["in_process"]
    rate = row["requests_per_second"]
    cells = [row["signature"], row["protocol"], row["batch"], row["clients"]]
    cells += [f"{rate:,.0f}", f"{row['images_per_second']:,.0f}"]
    cells += [f"{row['p50']:.1f}", f"{row['p99']:.1f}"]
    cells += [f"{row['cpu_ms_per_request']:.2f}"]
    cells += [f"{rate / limit[kind]:.2f}" for kind in ("eager", "native")]
    return "| " + " | ".join(map(str, cells)) + " |"


HEADER = """\
| signature | protocol | batch | clients | requests/s | images/s | p50 ms |\
 p99 ms | server CPU ms | of eager | of C++ |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"""


def measure_goals(
    bench: Bench, server: Process, alone: Process, floor: Process, rounds: int
) -> list[dict]:
    """The ratios that are promised, taken side by side, `rounds` times."""
    one = bench.request(server, "gRPC", "encode", 1)
    many = bench.request(server, "gRPC", "encode", 64)
    rest = bench.request(server, "REST", "encode", 1)
    one_alone = bench.request(alone, "gRPC", "encode", 1)
    empty = one._replace(address=floor.grpc)
    empty_rest = rest._replace(address=floor.rest)
    taken = []
    for _ in range(rounds):
        limits = {
            f"{kind} {rows}": bench.in_process(kind, "encode", rows)
            for kind in ("eager", "native")
            for rows in (1, 64)
        }
        loads = {
            "gRPC 64 x 1 client": bench.load(server, many, 1),
            "gRPC 64 x 8 clients": bench.load(server, many, 8),
            "gRPC 1 x 32 clients": bench.load(server, one, 32),
            "alone 1 x 32 clients": bench.load(alone, one_alone, 32),
            "empty gRPC x 32 clients": bench.load(floor, empty, 32),
            "REST 1 x 1 client": bench.load(server, rest, 1),
            "empty REST x 1 client": bench.load(floor, empty_rest, 1),
        }
        taken.append({"limits": limits, "loads": loads})
    return taken


def ratios(taken: list[dict]) -> dict[str, float]:
    """Medians over the rounds."""

    def median(name, function):
        return {name: statistics.median(map(function, taken))}

    def rate(round_, name):
        return round_["loads"][name]["requests_per_second"]

    found = {}
    for kind in ("eager", "native"):
        for clients in ("1 client", "8 clients"):
            found |= median(
                f"batch 64 over gRPC, {clients} / {kind}",
                lambda r, c=clients, k=kind: (
                    rate(r, f"gRPC 64 x {c}") / r["limits"][f"{k} 64"]
                ),
            )
        for name in ("gRPC 1", "empty gRPC"):
            found |= median(
                f"{name} x 32 clients / {kind}",
                lambda r, n=name, k=kind: (
                    rate(r, f"{n} x 32 clients") / r["limits"][f"{k} 1"]
                ),
            )
    found |= median(
        "32 clients, coalescing / none",
        lambda r: (
            rate(r, "gRPC 1 x 32 clients") / rate(r, "alone 1 x 32 clients")
        ),
    )
    for name in ("REST 1", "empty REST"):
        found |= median(
            f"{name} x 1 client, p99 / p50",
            lambda r, n=name: (
                r["loads"][f"{n} x 1 client"]["p99"]
                / r["loads"][f"{n} x 1 client"]["p50"]
            ),
        )
    return found


def main(argv):
    del argv
    out = pathlib.Path(FLAGS.out)
    out.mkdir(parents=True, exist_ok=True)
    export = pathlib.Path(FLAGS.export).resolve()
    bench = Bench(export, FLAGS.seconds)
    found = {
        "device": device_name(),
        "rounds": FLAGS.rounds,
        "seconds": FLAGS.seconds,
    }
    with tempfile.TemporaryDirectory() as folder:
        parameters = pathlib.Path(folder) / "alone.txt"
        parameters.write_text(ALONE)
        with (
            start_server(export, *ROOM) as server,
            start_server(
                export,
                "--enable_batching",
                f"--batching_parameters_file={parameters}",
            ) as alone,
            start_floor(80) as floor,
        ):
            found["goals"] = measure_goals(
                bench, server, alone, floor, FLAGS.rounds
            )
            found["ratios"] = ratios(found["goals"])
            print(json.dumps(found["ratios"], indent=1), flush=True)
            if FLAGS.table:
                found["table"] = measure_all(bench, server)
    bench.close()
    if FLAGS.memory:
        found["memory"] = measure_memory(export)
        print(json.dumps(found["memory"], indent=1))
    (out / "numbers.json").write_text(json.dumps(found, indent=1) + "\n")
    rows = [HEADER, *map(line, found.get("table", []))]
    (out / "table.md").write_text("\n".join(rows) + "\n")


if __name__ == "__main__":
    flags.DEFINE_string("export", None, "Folder of versions.", required=True)
    flags.DEFINE_string("out", "runs/serving", "Where the numbers go.")
    flags.DEFINE_float("seconds", 2.0, "Of each measurement.")
    flags.DEFINE_integer("rounds", 5, "Of the ratios that are promised.")
    flags.DEFINE_bool("table", True, "Measure all combinations.")
    flags.DEFINE_bool("memory", False, "Measure what memory grows by.")
    app.run(main)
