"""A small server of TensorFlow Serving's protocol, by the official messages.

It shares no code with the client: what one writes, the other reads.
"""

import asyncio
import base64
import contextlib
import http.server
import json
import ssl
import threading
import urllib.parse
from concurrent import futures

import grpc
import numpy as np
import tensorflow as tf
from google.protobuf import json_format
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    predict_pb2,
)

from tfdisent.serving.client import AsyncClient, Client
from tfdisent.serving.status import HTTP_STATUS, Code, ServingError

WAYS = ("grpc", "rest", "async grpc", "async rest")
IMAGES = ("images", tf.float32, [-1, 2, 2, 1])
CODES = ("codes", tf.float32, [-1, 3])
SEED = ("seed", tf.int64, [-1])
MOVES = (("latent", tf.int64, [-1]), ("values", tf.float32, [-1, -1]))
MOVED = ("images", tf.float32, [-1, -1, 2, 2, 1])
POSTERIOR = (("mean", tf.float32, [-1, 3]), ("stddev", tf.float32, [-1, 3]))
# Name: inputs, outputs.
SIGNATURES = {
    "encode": ([IMAGES], POSTERIOR),
    "encode_sample": ([IMAGES, SEED], [CODES]),
    "decode": ([CODES], [IMAGES]),
    "generate": ([CODES, SEED], [IMAGES]),
    "reconstruct": ([IMAGES], [IMAGES]),
    "sample": ([SEED], [CODES, IMAGES]),
    "traverse": ([CODES, *MOVES], [MOVED]),
    "traverse_images": ([IMAGES, *MOVES], [MOVED]),
    "reversed_png": (
        [("images_bytes", tf.string, [-1])],
        [("images_bytes", tf.string, [-1])],
    ),
    "kinds": (
        [("d", tf.float64, [-1]), ("i", tf.int32, [-1]), ("b", tf.bool, [-1])],
        [("d", tf.float64, [-1]), ("i", tf.int32, [-1]), ("b", tf.bool, [-1])],
    ),
    "total": ([("x", tf.float32, [-1])], [("sum", tf.float32, [])]),
}


class FakeModel:
    """Answers in numpy, and what it was asked.

    Attributes:
      errors: raised by the next requests, one each, before any answer.
      asked: signature and inputs of each prediction.
      count: requests of all kinds, failed ones too.
      tokens: the authorization of each request.
      names: the model of each request.
      specs: (version, label) of each request.
      version: that the metadata name.
      hold: if set, a prediction waits for the event.
    """

    def __init__(self):
        self.errors, self.asked, self.tokens = [], [], []
        self.specs, self.names = [], []
        self.version = 7
        self.count = 0
        self.hold = None

    def begin(self, token, name, version, label):
        self.count += 1
        self.tokens.append(token)
        self.names.append(name)
        self.specs.append((version, label))
        if self.errors:
            error = self.errors.pop(0)
            if error is not None:
                raise error

    def predict(self, signature, inputs):
        self.asked.append((signature, inputs))
        if self.hold:
            self.hold.wait(20)
        return answer(signature, **inputs)


def answer(signature, **inputs):
    """What the model says."""
    return globals()[f"_{signature}"](**inputs)


def _encode(images):
    mean = images.reshape(-1, 4)[:, :3] * 2
    return {"mean": mean, "stddev": mean**2 + 1}


def _encode_sample(images, seed):
    mean = _encode(images)["mean"]
    return {"codes": mean + seed[:, None].astype(np.float32)}


def _decode(codes):
    images = np.concatenate([codes, codes[:, :1]], axis=1) / 7
    return {"images": images.reshape(-1, 2, 2, 1)}


def _generate(codes, seed):
    return _decode(codes + seed[:, None].astype(np.float32))


def _reconstruct(images):
    return _decode(_encode(images)["mean"])


def _sample(seed):
    codes = np.stack([seed, seed + 1, seed * 2], axis=1).astype(np.float32)
    return {"codes": codes, **_decode(codes)}


def _traverse(codes, latent, values):
    moved = np.repeat(codes[:, None], values.shape[1], axis=1)
    moved[np.arange(len(codes)), :, latent] = values
    images = _decode(moved.reshape(-1, 3))["images"]
    return {"images": images.reshape(*values.shape, 2, 2, 1)}


def _traverse_images(images, latent, values):
    return _traverse(_encode(images)["mean"], latent, values)


def _reversed_png(images_bytes):
    return {"images_bytes": np.array([x[::-1] for x in images_bytes], object)}


def _kinds(**inputs):
    return inputs


def _total(x):
    return {"sum": x.sum()}


def signature_map():
    signatures = get_model_metadata_pb2.SignatureDefMap()
    for name, sides in SIGNATURES.items():
        signature = signatures.signature_def[name]
        for side, tensors in zip(("inputs", "outputs"), sides, strict=True):
            for key, dtype, shape in tensors:
                info = getattr(signature, side)[key]
                info.dtype = dtype.as_datatype_enum
                info.tensor_shape.SetInParent()
                for size in shape:
                    info.tensor_shape.dim.add(size=size)
    # TensorFlow's own, which every SavedModel of TensorFlow 2 has.
    signatures.signature_def["__saved_model_init_op"].CopyFrom(
        meta_graph_pb2.SignatureDef()
    )
    return signatures


def _statuses():
    response = get_model_status_pb2.GetModelStatusResponse()
    fine = response.model_version_status.add(version=7, state=30)
    fine.status.SetInParent()
    failed = response.model_version_status.add(version=3, state=50)
    failed.status.error_code = 9
    failed.status.error_message = "no variables"
    return response


@contextlib.contextmanager
def grpc_server(model, port=0, credentials=None):
    """Serves a model; gives the port."""

    def predict(request):
        inputs = {k: tf.make_ndarray(v) for k, v in request.inputs.items()}
        answers = model.predict(request.model_spec.signature_name, inputs)
        response = predict_pb2.PredictResponse()
        for name, array in answers.items():
            response.outputs[name].CopyFrom(tf.make_tensor_proto(array))
        return response

    def metadata(request):
        assert list(request.metadata_field) == ["signature_def"]
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        response.model_spec.version.value = model.version
        response.metadata["signature_def"].Pack(signature_map())
        return response

    methods = {
        "PredictionService": {
            "Predict": (predict, predict_pb2.PredictRequest),
            "GetModelMetadata": (
                metadata,
                get_model_metadata_pb2.GetModelMetadataRequest,
            ),
        },
        "ModelService": {
            "GetModelStatus": (
                lambda request: _statuses(),
                get_model_status_pb2.GetModelStatusRequest,
            )
        },
    }

    def guarded(function):
        def handle(request, context):
            spec = request.model_spec
            token = dict(context.invocation_metadata()).get("authorization")
            which = spec.WhichOneof("version_choice")
            version = spec.version.value if which == "version" else None
            label = spec.version_label if which == "version_label" else None
            try:
                model.begin(token, spec.name, version, label)
                return function(request)
            except ServingError as error:
                codes = {code.value[0]: code for code in grpc.StatusCode}
                context.abort(codes[error.code], error.message)

        return handle

    server = grpc.server(
        futures.ThreadPoolExecutor(8), options=[("grpc.so_reuseport", 0)]
    )
    for service, handlers in methods.items():
        server.add_generic_rpc_handlers(
            [
                grpc.method_handlers_generic_handler(
                    f"tensorflow.serving.{service}",
                    {
                        name: grpc.unary_unary_rpc_method_handler(
                            guarded(function),
                            request_deserializer=message.FromString,
                            response_serializer=lambda x: x.SerializeToString(),
                        )
                        for name, (function, message) in handlers.items()
                    },
                )
            ]
        )
    address = f"127.0.0.1:{port}"
    if credentials:
        bound = server.add_secure_port(address, credentials)
    else:
        bound = server.add_insecure_port(address)
    server.start()
    try:
        yield bound
    finally:
        server.stop(None).wait()


@contextlib.contextmanager
def rest_server(model, port=0, context=None):
    """Serves a model; gives the port."""

    class Handler(_RestHandler):
        served = model

    server = _HttpServer(("127.0.0.1", port), Handler)
    server.connections = []
    if context:
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        for connection in server.connections:  # as a process that ends does
            with contextlib.suppress(OSError):
                connection.shutdown(2)


class _HttpServer(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64  # beyond its 5, connections wait for seconds


class _RestHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def setup(self):
        self.server.connections.append(self.request)
        super().setup()

    def handle(self):
        with contextlib.suppress(OSError, ssl.SSLError, ValueError):
            super().handle()

    def log_message(self, *args):
        pass

    def do_GET(self):
        if self.path.endswith("/metadata"):
            signatures = json_format.MessageToDict(
                signature_map(),
                preserving_proto_field_name=True,
                always_print_fields_with_no_presence=True,
            )
            body = {
                "model_spec": {
                    "name": "m",
                    "version": str(self.served.version),
                },
                "metadata": {"signature_def": signatures},
            }
        else:
            body = json_format.MessageToDict(
                _statuses(),
                preserving_proto_field_name=True,
                always_print_fields_with_no_presence=True,
            )
        self._guarded(lambda: body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._guarded(lambda: self._predict(json.loads(body)))

    def _predict(self, body):
        name = body["signature_name"]
        inputs, outputs = SIGNATURES[name]
        values = body["inputs"]
        if len(inputs) == 1 and not isinstance(values, dict):
            values = {inputs[0][0]: values}
        arrays = {
            key: _from_json(values[key], dtype) for key, dtype, _ in inputs
        }
        answers = {
            key: _to_json(array)
            for key, array in self.served.predict(name, arrays).items()
        }
        if len(outputs) == 1:
            (answers,) = answers.values()
        return {"outputs": answers}

    def _guarded(self, function):
        parts = self.path.partition(":")[0].split("/")
        parts = [urllib.parse.unquote(part) for part in parts]
        choice = dict(zip(parts[4::2], parts[5::2], strict=False))
        version = choice.get("versions")
        token = self.headers["Authorization"]
        status = 200
        try:
            self.served.begin(
                token,
                parts[3],
                version and int(version),
                choice.get("labels"),
            )
            body = function()
        except ServingError as error:
            status, body = HTTP_STATUS[error.code], {"error": error.message}
        content = json.dumps(body, indent=1).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()


def _from_json(value, dtype):
    if dtype == tf.string:
        return np.array([base64.b64decode(x["b64"]) for x in value], object)
    return np.asarray(value, dtype.as_numpy_dtype)


def _to_json(array):
    if array.dtype == object:
        return [{"b64": base64.b64encode(x).decode()} for x in array]
    return array.tolist()


@contextlib.contextmanager
def fake_server(way, model, **options):
    """Serves a model in the way's protocol; gives the address."""
    if way.endswith("grpc"):
        with grpc_server(model, **options) as port:
            yield f"127.0.0.1:{port}"
    else:
        scheme = "https" if options.get("context") else "http"
        with rest_server(model, **options) as port:
            yield f"{scheme}://127.0.0.1:{port}"


@contextlib.contextmanager
def client(way, address, model="m", **options):
    """A client whose methods block, whatever it is."""
    if way.startswith("async"):
        with asyncio.Runner() as runner:
            inner = AsyncClient(address, model, **options)
            yield _Blocking(inner, runner)
            runner.run(inner.close())
    else:
        with Client(address, model, **options) as inner:
            yield inner


class _Blocking:
    def __init__(self, inner, runner):
        self._inner, self._runner = inner, runner

    def __getattr__(self, name):
        def call(*args, **options):
            async def made():
                return await getattr(self._inner, name)(*args, **options)

            return self._runner.run(made())

        return call


def unavailable(count):
    return [ServingError(Code.UNAVAILABLE, "busy")] * count
