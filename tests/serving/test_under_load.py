"""A real server under load: each answer is right, and each is counted."""

import asyncio
import collections
import gc
import shutil
import time
import urllib.request

import keras
import numpy as np
import pytest
from export_models import TinyModel
from prometheus_client.parser import text_string_to_metric_families
from served.asker import SECONDS, assert_answers, at_once
from served.real_server import real_server, targets
from served.servers import running

from tfdisent.export.saved_model import export_model

WAITING_ROWS = 1024
COUNT = ":tensorflow:serving:request_count"
RNG = np.random.default_rng(0)
IMAGES = RNG.random((64, 4, 3, 2), np.float32)
CODES = RNG.standard_normal((64, 5), np.float32)
BOTH = ("grpc", "rows")


class HeavyModel(TinyModel):
    """Takes some milliseconds for a few rows."""

    def __init__(self):
        super().__init__()
        layers = [keras.layers.Dense(1024) for _ in range(4)]
        self.encoder = keras.Sequential(
            [keras.layers.Flatten(), *layers, keras.layers.Dense(10)]
        )


def other_model():
    """A `TinyModel` with other weights."""
    model = TinyModel()
    answers(model)  # makes the weights
    for weight in model.weights:
        weight.assign(2 * weight)
    return model


class Models:
    """Model folders and their config file.

    Attributes:
      config: the file, of "tiny", "heavy" and "swapped".
      newest: version of "swapped".
      even_answers: of its even versions; the odd ones are the tiny model.
    """

    def __init__(self, folder, exported):
        other = other_model()
        self._odd, self._even = exported, export_model(other, folder / "even")
        export_model(HeavyModel(), folder / "heavy")
        shutil.copytree(exported, folder / "tiny" / "1")
        self.even_answers = answers(other)
        self._swapped = folder / "swapped"
        self.newest = 0
        self.swap()
        self.config = folder / "models.config"
        entries = "".join(
            f'config {{ name: "{name}" base_path: "{folder / name}"'
            ' model_platform: "tensorflow" }'
            for name in ("tiny", "heavy", "swapped")
        )
        self.config.write_text(f"model_config_list {{ {entries} }}")

    def swap(self):
        """Publishes a version of "swapped" that answers otherwise."""
        self.newest += 1
        version = self._odd if self.newest % 2 else self._even
        new = self._swapped / ".new"
        shutil.copytree(version, new)
        new.rename(self._swapped / str(self.newest))


@pytest.fixture(scope="module")
def models(exported, tmp_path_factory):
    return Models(tmp_path_factory.mktemp("under_load"), exported)


@pytest.fixture(scope="module")
def embedded(models):
    """The server of this package; nothing goes wrong in it."""
    with running(
        f"--model_config_file={models.config}",
        "--file_system_poll_wait_seconds=0.1",
        f"--max_waiting_rows={WAITING_ROWS}",
        seconds=600,
    ) as server:
        yield server
        assert "Traceback" not in server.log()
        assert server.stop() == 0


@pytest.fixture(scope="module", params=targets())
def server(request, models):
    if request.param == "embedded":
        yield request.getfixturevalue("embedded")
    else:
        with real_server(models.config, versions=1) as addresses:
            yield addresses


@pytest.fixture(scope="module")
def said(tiny_model):
    return answers(tiny_model)


def answers(model):
    """What a model answers to each image and code, by signature."""
    posterior = model.encode(IMAGES)
    decoded = model.decode(CODES).mean()
    outputs = {
        "encode": {"mean": posterior.mean(), "stddev": posterior.stddev()},
        "decode": {"images": np.clip(decoded, 0, 1)},
    }
    return {
        signature: [
            {name: np.array(x[i : i + 1]) for name, x in arrays.items()}
            for i in range(64)
        ]
        for signature, arrays in outputs.items()
    }


def call(signature, row):
    """The inputs whose answer is said[signature][row]."""
    if signature == "encode":
        return {"images": IMAGES[row : row + 1]}
    return {"codes": CODES[row : row + 1]}


def counted(server):
    """How many answers the server says it gave, by model and code."""
    url = f"{server.rest}/monitoring/prometheus/metrics"
    with urllib.request.urlopen(url, timeout=SECONDS) as answer:
        families = text_string_to_metric_families(answer.read().decode())
    return collections.Counter(
        {
            (sample.labels["model_name"], sample.labels["status"]): int(
                sample.value
            )
            for family in families
            for sample in family.samples
            if sample.name.startswith(COUNT)
        }
    )


def load(server, clients, work):
    """Runs the clients; the embedded server counts what they count."""
    is_embedded = hasattr(server, "process")
    before = counted(server) if is_embedded else None
    counts = asyncio.run(at_once(server, clients, work))
    if is_embedded:
        end = time.monotonic() + 30
        # A call is counted when it ends, which may be after the client's.
        while (found := counted(server) - before) != counts:
            assert time.monotonic() < end, (found, counts)
            time.sleep(0.01)
    return counts


@pytest.mark.parametrize("clients", [1, 8, 32, 128])
def test_each_of_many_clients_gets_its_own_answers(server, said, clients):
    """Of two signatures at once, over both protocols."""

    async def work(asker, number):
        for turn in range(512 // clients):
            row = (number + 7 * turn) % 64
            signature = ("encode", "decode")[(number + turn // 2) % 2]
            inputs = call(signature, row)
            answer = await asker.ask(BOTH[turn % 2], "tiny", signature, inputs)
            assert_answers(answer, said[signature][row])

    counts = load(server, clients, work)
    assert counts == {("tiny", "OK"): 512}


@pytest.mark.parametrize("protocol", BOTH)
def test_bad_requests_among_good_ones_harm_nobody(embedded, said, protocol):
    async def work(asker, number):
        async def good(row):
            answer = await ask(call("encode", row))
            assert_answers(answer, said["encode"][row])

        async def wrong_shape():
            answer = await ask({"images": IMAGES[:1, :, :, :1]})
            assert answer.code == "INVALID_ARGUMENT"

        async def nan():
            images = IMAGES[:2].copy()
            images[0, 0, 0, 0] = np.nan
            answer = await ask({"images": images})
            assert np.isnan(answer.outputs["mean"][0]).all()
            expected = said["encode"][1]["mean"][0]
            mean = answer.outputs["mean"][1]
            np.testing.assert_allclose(mean, expected, rtol=0, atol=1e-5)

        async def ask(inputs):
            return await asker.ask(protocol, "tiny", "encode", inputs)

        tasks = [good(i % 64) for i in range(200)]
        tasks.insert(71, wrong_shape())
        tasks.insert(142, nan())
        async with asyncio.TaskGroup() as group:
            for task in tasks:
                group.create_task(task)

    counts = load(embedded, 2, work)
    assert counts["tiny", "OK"] == 2 * 201
    assert counts["tiny", "INVALID_ARGUMENT"] == 2


def test_all_kinds_of_answers_are_counted(embedded):
    async def work(asker, number):
        unknown = f"no{number}"
        for protocol in BOTH:
            await asker.ask(protocol, "tiny", "decode", call("encode", 0))
            await asker.ask(protocol, "tiny", "none", call("decode", 0))
            await asker.ask(protocol, unknown, "decode", call("decode", 0))
        found = asker.counts.pop((unknown, "NOT_FOUND"))
        asker.counts["(unknown)", "NOT_FOUND"] = found

    assert load(embedded, 8, work) == {
        ("tiny", "INVALID_ARGUMENT"): 3 * 8,
        ("tiny", "FAILED_PRECONDITION"): 8,
        ("(unknown)", "NOT_FOUND"): 2 * 8,
    }


@pytest.mark.parametrize(
    ("clients", "swaps", "pause"),
    [(12, 6, 1.0), pytest.param(32, 30, 2.0, marks=pytest.mark.slow)],
)
def test_swaps_fail_no_request_and_mix_no_answers(
    server, models, said, clients, swaps, pause
):
    """Clients ask without a pause; a third of them over REST."""
    even, odd = models.even_answers["encode"][0], said["encode"][0]
    assert abs(even["mean"] - odd["mean"]).max() > 0.1
    seen = collections.Counter()
    slowest = collections.Counter()
    done = asyncio.Event()

    async def work(asker, number):
        protocol = BOTH[number % 3 == 2]
        if number == 0:
            await swap()
        inputs = call("encode", 0)
        ask = asker.prepared(protocol, "swapped", "encode", inputs)
        while not done.is_set():
            answer = await ask()
            version = answer.version
            if version is None:
                mean = answer.outputs["mean"]
                version = int(abs(mean - odd["mean"]).max() < 1e-5)
            else:
                seen[version] += 1
            assert_answers(answer, odd if version % 2 else even)
            slowest[protocol] = max(slowest[protocol], answer.seconds)

    async def swap():
        async with asyncio.timeout(swaps * (pause + 10)):
            for _ in range(swaps):
                await asyncio.to_thread(models.swap)
                await asyncio.sleep(pause)
                while not seen[models.newest]:
                    await asyncio.sleep(0.01)
        done.set()

    first = models.newest
    counts = load(server, clients, work)
    assert set(counts) == {("swapped", "OK")}
    assert set(seen) == set(range(first, models.newest + 1))
    print(counts, dict(seen), dict(slowest))


class Stream:
    """Requests that a test sends until it ends, and how long they took."""

    def __init__(self):
        self.seconds = collections.defaultdict(list)

    async def keep(self, asker, until, protocol, *request):
        """Asks until a time, with a pause after each refusal."""
        ask = asker.prepared(protocol, *request)
        while time.monotonic() < until:
            answer = await ask()
            self.seconds[answer.code].append(answer.seconds)
            if answer.code != "OK":
                await asyncio.sleep(0.02)


@pytest.mark.parametrize("protocol", BOTH)
def test_overload_is_refused_at_once_and_the_rest_soon_answered(
    embedded, protocol
):
    """The queue bounds how long any request waits: by its rows."""
    clients, rows, span = 64, 64, 2
    images = {"images": IMAGES}
    stream = Stream()
    until = time.monotonic() + span

    async def work(asker, number):
        request = ("heavy", "encode", images)
        await stream.keep(asker, until, protocol, *request)

    counts = load(embedded, clients, work)
    assert set(counts) == {("heavy", "OK"), ("heavy", "UNAVAILABLE")}
    accepted, refused = stream.seconds["OK"], stream.seconds["UNAVAILABLE"]
    # What waits, and what runs in two threads, at the rate of this run.
    row_seconds = span / (rows * len(accepted))
    full = row_seconds * (WAITING_ROWS + 2 * rows)
    p99 = np.percentile(accepted, 99)
    print(len(accepted), len(refused), p99, full, np.median(refused))
    assert p99 < 5 * full
    # JSON is read before it is refused: 0.52 of the time of the accepted, on a
    # machine with twice as much to do as it has cores.
    share = 0.5 if protocol == "grpc" else 0.75
    assert np.median(refused) < share * np.median(accepted)


def test_heavy_requests_starve_no_light_ones(embedded):
    """Neither of another model nor of another signature."""
    heavy, light, beside = Stream(), Stream(), Stream()
    until = time.monotonic() + 2

    async def work(asker, number):
        streams = [
            (heavy, "heavy", "encode", {"images": IMAGES}),
            (light, "tiny", "encode", call("encode", 0)),
            (beside, "heavy", "decode", call("decode", 0)),
        ]
        stream, *request = streams[max(0, number - 15)]
        await stream.keep(asker, until, "grpc", *request)

    counts = load(embedded, 18, work)
    assert {code for _, code in counts} == {"OK"}
    waited = np.median(heavy.seconds["OK"])
    for stream in (light, beside):
        print(waited, np.percentile(stream.seconds["OK"], [50, 99]))
        assert np.median(stream.seconds["OK"]) < waited / 4


@pytest.mark.slow
def test_one_rest_client_meets_no_pauses(embedded):
    """Once in some tries: other programs make pauses too."""
    ratios = []
    gc.collect()
    gc.freeze()  # Python's TensorFlow is in this process.

    async def work(asker, number):
        seconds = []
        ask = asker.prepared("rows", "tiny", "encode", call("encode", 0))
        for _ in range(500):
            answer = await ask()
            seconds.append(answer.seconds)
        p50, p99 = np.percentile(seconds, [50, 99])
        ratios.append(p99 / p50)

    for _ in range(20):
        load(embedded, 1, work)
        if ratios[-1] < 5:
            break
    print(ratios)
    assert ratios[-1] < 5


def test_much_json_delays_no_light_call(embedded):
    json, light = Stream(), Stream()
    until = time.monotonic() + 2

    async def work(asker, number):
        if number:
            request = ("rows", "tiny", "encode", {"images": IMAGES})
            await json.keep(asker, until, *request)
        else:
            request = ("grpc", "tiny", "encode", call("encode", 0))
            await light.keep(asker, until, *request)

    load(embedded, 33, work)
    # 0.3 on a quiet machine; 1 if it waited its turn among them.
    assert np.median(light.seconds["OK"]) < np.median(json.seconds["OK"]) / 2
