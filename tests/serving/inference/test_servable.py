import asyncio
import resource
import shutil
from unittest import mock

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from tfdisent.export.native_session import NativeError, NativeSession
from tfdisent.serving.inference.batching import Batching
from tfdisent.serving.inference.servable import Servable
from tfdisent.serving.limits import Limits
from tfdisent.serving.status import Code, ServingError

SHAPE, NUM_LATENTS = (4, 3, 2), 5  # of the tiny model
RNG = np.random.default_rng(0)


def load(directory, **options):
    return Servable("tiny", 1, directory, **{"limits": Limits()} | options)


def served(directory, use, **options):
    """What the coroutine `use` makes of a servable that is then closed."""

    async def main():
        servable = load(directory, **options)
        try:
            return await use(servable)
        finally:
            await servable.close()

    return asyncio.run(asyncio.wait_for(main(), 60))


@pytest.fixture(scope="module")
def direct(exported):
    """Calls without batches: (signature, {input: array}) -> {output: array}."""
    session = NativeSession(exported)

    def call(name, inputs):
        signature = session.signatures[name]
        outputs = session.run(
            {signature.inputs[key].name: a for key, a in inputs.items()},
            [info.name for info in signature.outputs.values()],
        )
        return dict(zip(signature.outputs, outputs, strict=True))

    yield call
    session.close()


@pytest.fixture
def version(exported, tmp_path):
    """A copy that may be changed."""
    return shutil.copytree(exported, tmp_path / "7")


def images(rows=1):
    return {"images": RNG.random((rows, *SHAPE), np.float32)}


def codes(rows=1):
    return {"codes": RNG.standard_normal((rows, NUM_LATENTS), np.float32)}


def traversal(rows=1, num_values=3, latent=1):
    return codes(rows) | {
        "latent": np.full(rows, latent),
        "values": RNG.standard_normal((rows, num_values), np.float32),
    }


def assert_equal(answer, expected):
    assert {*answer} == {*expected}
    for name, array in expected.items():
        assert answer[name].dtype == array.dtype
        np.testing.assert_allclose(answer[name], array, rtol=1e-5, atol=1e-5)


def refusal(result):
    assert isinstance(result, ServingError), result
    return result.code, result.message


@pytest.mark.parametrize(
    ("name", "draw"),
    [("encode", images), ("decode", codes), ("traverse", traversal)],
)
def test_batched_answers_are_those_of_each_request(
    exported, direct, name, draw
):
    async def use(servable):
        return await asyncio.gather(
            *[servable.predict(name, request) for request in requests]
        )

    requests = [draw(rows) for rows in range(1, 34)]
    for request, answer in zip(requests, served(exported, use), strict=True):
        assert_equal(answer, direct(name, request))


def test_two_signatures_at_once_do_not_mix(exported, direct):
    async def use(servable):
        return await asyncio.gather(
            *[servable.predict(name, request) for name, request in calls]
        )

    calls = [
        call
        for _ in range(300)
        for call in (("encode", images()), ("decode", codes()))
    ]
    for call, answer in zip(calls, served(exported, use), strict=True):
        assert_equal(answer, direct(*call))


def test_hostile_requests_among_good_ones_harm_nobody(exported, direct):
    async def use(servable):
        calls = [servable.predict("traverse", request) for request in requests]
        return await asyncio.gather(*calls, return_exceptions=True)

    requests = [traversal() for _ in range(200)]
    requests[50]["codes"] = np.zeros((1, NUM_LATENTS + 1), np.float32)
    requests[100] = traversal(latent=99)
    requests[150]["codes"] = np.full((1, NUM_LATENTS), np.nan, np.float32)
    results = served(exported, use, batching=Batching(num_batch_threads=1))
    assert refusal(results.pop(100)) == (
        Code.INVALID_ARGUMENT,
        f"latent must be in [0, {NUM_LATENTS})",
    )
    code, text = refusal(results.pop(50))
    assert code is Code.INVALID_ARGUMENT
    assert text.endswith(
        f"[1,{NUM_LATENTS + 1}] is not compatible with expected"
        f" shape [?,{NUM_LATENTS}]."
    )
    del requests[100], requests[50]
    for request, answer in zip(requests, results, strict=True):
        assert_equal(answer, direct("traverse", request))
        is_nan = np.isnan(request["codes"]).any()
        assert np.isnan(answer["images"]).any() == is_nan


def test_outputs_are_chosen(exported):
    async def use(servable):
        return await servable.predict("encode", images(2), ["stddev"])

    answer = served(exported, use)
    assert [*answer] == ["stddev"]
    assert answer["stddev"].shape == (2, NUM_LATENTS)


def test_no_rows_are_answered_without_a_run(exported):
    async def use(servable):
        return await servable.predict("traverse", traversal(0, 4))

    answer = served(exported, use, observe=pytest.fail)
    assert answer["images"].shape == (0, 4, *SHAPE)


def test_limits_and_deadlines_hold(exported):
    async def use(servable):
        late = asyncio.get_running_loop().time() - 1
        return await asyncio.gather(
            servable.predict("encode", images(9)),
            servable.predict("encode", images(1), deadline=late),
            return_exceptions=True,
        )

    dropped = mock.Mock()
    large, late = served(exported, use, limits=Limits(rows=8), on_drop=dropped)
    assert refusal(large)[0] is Code.INVALID_ARGUMENT
    assert refusal(late)[0] is Code.DEADLINE_EXCEEDED
    assert dropped.call_count == 1  # the large one never waited


def test_what_is_no_signature_to_predict_is_refused(exported):
    async def use(servable):
        with pytest.raises(ServingError, match="method_name") as error:
            await servable.predict("__saved_model_init_op", {})
        assert error.value.code is Code.INVALID_ARGUMENT
        assert servable.signatures["encode"].inputs["images"].dtype == 1
        assert (servable.name, servable.version) == ("tiny", 1)

    served(exported, use)


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    """A SavedModel of someone else, whose signatures promise less."""
    directory = tmp_path_factory.mktemp("foreign")
    module = tf.Module()

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, "x")])
    def total(x):
        return {"total": tf.reduce_sum(x)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float16, "x")])
    def half(x):
        return {"y": 2 * x}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "x")])
    def twice(x):
        return {"y": tf.strings.join([x, x])}

    three = tf.constant(3.0)

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.float32, "x"),
            tf.TensorSpec([], tf.float32, "by"),
        ]
    )
    def scaled(x, by=three):
        return {"y": by * x}

    signatures = {"total": total, "half": half, "twice": twice}
    signatures["scaled"] = scaled
    tf.saved_model.save(module, str(directory), signatures)
    return directory


def test_foreign_signatures_run_as_their_promises_allow(foreign):
    async def use(servable):
        x = np.ones((1, 2), np.float32)
        totals = await asyncio.gather(
            *[servable.predict("total", {"x": i * x}) for i in range(20)]
        )
        assert [answer["total"] for answer in totals] == [*range(0, 40, 2)]
        with pytest.raises(ServingError, match="data type") as error:
            await servable.predict("half", {"x": np.ones(2, np.float16)})
        assert error.value.code is Code.UNIMPLEMENTED
        texts = {"x": np.array([b"a\0", b"", b"\xff"], object)}
        answer = await servable.predict("twice", texts)
        assert answer["y"].tolist() == [b"a\0a\0", b"", b"\xff\xff"]
        for by in ({}, {"by": np.array(5, np.float32)}):
            answer = await servable.predict("scaled", {"x": x[0]} | by)
            assert answer["y"].tolist() == ([5, 5] if by else [3, 3])

    served(foreign, use)


def test_a_version_without_variables_is_refused(version):
    shutil.rmtree(version / "variables")
    with pytest.raises(ServingError, match="no variables") as error:
        load(version)
    assert error.value.code is Code.FAILED_PRECONDITION


@pytest.mark.parametrize(
    ("file", "size"),
    [("saved_model.pb", 100), ("variables/variables.data-00000-of-00001", 9)],
)
def test_a_cut_version_is_refused(version, file, size):
    with (version / file).open("r+b") as opened:
        opened.truncate(size)
    with pytest.raises(NativeError):
        load(version)


def warm_up(version, signature, **inputs):
    log = prediction_log_pb2.PredictionLog()
    request = log.predict_log.request
    request.model_spec.signature_name = signature
    for name, array in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(array))
    folder = version / "assets.extra"
    folder.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(
        str(folder / "tf_serving_warmup_requests")
    ) as writer:
        writer.write(log.SerializeToString())


@pytest.mark.parametrize(
    ("signature", "inputs", "code"),
    [
        ("no_such", images(), Code.FAILED_PRECONDITION),
        ("encode", codes(), Code.INVALID_ARGUMENT),
        (
            "encode",
            {"images": np.zeros((1, *SHAPE), np.float16)},
            Code.INVALID_ARGUMENT,
        ),
        ("traverse", traversal(latent=99), Code.INVALID_ARGUMENT),
    ],
)
def test_a_warm_up_request_that_fails_fails_the_load(
    version, signature, inputs, code, monkeypatch
):
    closed = []
    close = NativeSession.close
    monkeypatch.setattr(
        NativeSession, "close", lambda self: (closed.append(self), close(self))
    )
    warm_up(version, signature, **inputs)
    with pytest.raises(ServingError, match="warm-up request 1 failed") as error:
        load(version)
    assert error.value.code is code
    assert str(version) not in error.value.message
    assert len(closed) == 1


@pytest.mark.parametrize("rows", [0, 2])
@pytest.mark.parametrize("signature", ["", "encode"])
def test_warm_up_requests_are_run(version, signature, rows, monkeypatch):
    """All but those of no rows, which no session takes."""
    fed = []
    run = NativeSession.run
    monkeypatch.setattr(
        NativeSession,
        "run",
        lambda self, feeds, fetches: (
            fed.extend(map(len, feeds.values())) or run(self, feeds, fetches)
        ),
    )

    async def use(servable):
        assert fed == [2] * bool(rows)
        return await servable.predict("encode", images())

    warm_up(version, signature, **images(rows))
    served(version, use)
    assert len(fed) == bool(rows) + 1


def test_closing_waits_for_runs_that_nobody_waits_for(exported):
    async def main():
        servable = load(exported)
        task = asyncio.create_task(servable.predict("encode", images(4000)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        await servable.close()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())


def resident_kib():
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[1])
    return pages * resource.getpagesize() // 1024


@pytest.mark.parametrize(
    ("first", "last", "factor"),
    [(2, 8, 1.03), pytest.param(20, 200, 1.1, marks=pytest.mark.slow)],
)
def test_loading_again_and_again_does_not_fill_the_memory(
    exported, first, last, factor
):
    async def use(servable):
        await servable.predict("encode", images(64))
        await servable.predict("traverse", traversal(4, 8))

    for i in range(1, last + 1):
        served(exported, use)
        if i == first:
            before = resident_kib()
    assert resident_kib() < factor * before
