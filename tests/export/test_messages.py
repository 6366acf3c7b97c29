"""The private messages beside the official ones."""

import importlib

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.unknown_fields import UnknownFieldSet
from tensorflow.core.framework import tensor_pb2, tensor_shape_pb2
from tensorflow.core.protobuf import config_pb2, meta_graph_pb2
from tensorflow_serving.apis import get_model_metadata_pb2

from tfdisent.export import messages
from tfdisent.export.message_fields import ENUMS, MESSAGES

# tensorflow-serving-api lacks these; their documented text is tested below.
TEXT_ALONE = {
    "BatchingParameters",
    "SSLConfig",
    "PrometheusConfig",
    "MonitoringConfig",
}
MODULES = [
    f"tensorflow_serving.apis.{name}_pb2"
    for name in (
        "model",
        "predict",
        "get_model_metadata",
        "get_model_status",
        "model_management",
        "prediction_log",
        "status",
    )
]
MODULES += [
    f"tensorflow_serving.config.{name}_pb2"
    for name in (
        "model_server_config",
        "file_system_storage_path_source",
        "log_collector_config",
        "logging_config",
    )
]
OFFICIAL_FILES = [
    importlib.import_module(name).DESCRIPTOR for name in MODULES
] + [
    module.DESCRIPTOR
    for module in (tensor_pb2, tensor_shape_pb2, config_pb2, meta_graph_pb2)
]
POOL = OFFICIAL_FILES[0].pool
NAMES = [
    f"{package}.{name}"
    for package, table in MESSAGES.items()
    for name in table
    if name not in TEXT_ALONE
]
ENUM_NAMES = [f"{p}.{name}" for p, table in ENUMS.items() for name in table]


def _private(name):
    return messages.PredictRequest.DESCRIPTOR.file.pool.FindMessageTypeByName(
        name
    )


def _described(field):
    """All that decides how a field is written, on the wire and in text."""
    kind = field.message_type or field.enum_type
    return {
        "number": field.number,
        "type": field.type,
        "repeated": field.is_repeated,
        "packed": field.is_packed,
        "presence": field.has_presence,
        "of": kind and kind.full_name,
        "oneof": field.containing_oneof and field.containing_oneof.name,
        "map": bool(
            field.message_type and field.message_type.GetOptions().map_entry
        ),
    }


@pytest.mark.parametrize("name", NAMES)
def test_fields_are_the_official_ones(name):
    private = _private(name).fields_by_name
    official = POOL.FindMessageTypeByName(name).fields_by_name
    for field in private:
        assert _described(private[field]) == _described(official[field])


@pytest.mark.parametrize("name", NAMES)
def test_map_entries_are_the_official_ones(name):
    official = POOL.FindMessageTypeByName(name)
    for entry in _private(name).nested_types:
        if entry.GetOptions().map_entry:
            there = official.nested_types_by_name[entry.name].fields_by_name
            for field in entry.fields:
                assert _described(field) == _described(there[field.name])


@pytest.mark.parametrize("name", ENUM_NAMES)
def test_enumerations_are_the_official_ones(name):
    pool = messages.PredictRequest.DESCRIPTOR.file.pool
    private = pool.FindEnumTypeByName(name).values_by_number
    official = POOL.FindEnumTypeByName(name).values_by_number
    for number, value in private.items():
        assert value.name == official[number].name
    # Left out are only newer types, reference types and a reserved code.
    missing = {*official} - {*private}
    assert all(number > max(private) for number in missing)


def _filled(descriptor, depth=0):
    """A message with a value in each field."""
    message = GetMessageClass(descriptor)()
    for i, field in enumerate(descriptor.fields):
        if field.message_type and field.message_type.GetOptions().map_entry:
            value = field.message_type.fields_by_name["value"]
            if value.message_type is None:
                getattr(message, field.name)["key"] = _scalar(value, i)
            elif depth < 4:
                inner = _filled(value.message_type, depth + 1)
                getattr(message, field.name)["key"].CopyFrom(inner)
        elif field.message_type:
            if depth < 6:
                inner = _filled(field.message_type, depth + 1)
                place = getattr(message, field.name)
                (place.add() if field.is_repeated else place).CopyFrom(inner)
        elif field.is_repeated:
            getattr(message, field.name).extend([_scalar(field, i)] * 2)
        else:
            setattr(message, field.name, _scalar(field, i))
    return message


def _scalar(field, i):
    if field.type == FieldDescriptor.TYPE_ENUM:
        return field.enum_type.values[-1].number
    return {
        FieldDescriptor.CPPTYPE_STRING: b"\x7f\0z"
        if field.type == FieldDescriptor.TYPE_BYTES
        else "naïve",
        FieldDescriptor.CPPTYPE_BOOL: True,
        FieldDescriptor.CPPTYPE_FLOAT: 0.1,
        FieldDescriptor.CPPTYPE_DOUBLE: -0.1,
        FieldDescriptor.CPPTYPE_UINT32: 2**32 - 1 - i,
        FieldDescriptor.CPPTYPE_UINT64: 2**64 - 1 - i,
        FieldDescriptor.CPPTYPE_INT64: -(2**63) + i,
        FieldDescriptor.CPPTYPE_INT32: -(2**31) + i,
    }[field.cpp_type]


@pytest.mark.parametrize("name", NAMES)
def test_round_trips_on_the_wire_and_in_text(name):
    private = _filled(_private(name))
    official_class = GetMessageClass(POOL.FindMessageTypeByName(name))
    content = private.SerializeToString(deterministic=True)
    official = official_class.FromString(content)
    assert not any(map(len, _unknown_fields(official)))
    assert official.SerializeToString(deterministic=True) == content
    assert type(private).FromString(content) == private
    text = text_format.MessageToString(official)
    assert text == text_format.MessageToString(private)
    assert text_format.Parse(text, type(private)()) == private


def _unknown_fields(message):
    yield UnknownFieldSet(message)
    for field, value in message.ListFields():
        if field.message_type and not field.is_repeated:
            yield from _unknown_fields(value)


def test_fields_that_are_left_out_survive_a_relay():
    official = get_model_metadata_pb2.SignatureDefMap()
    official.signature_def["encode"].method_name = "tensorflow/serving/predict"
    content = official.SerializeToString()
    private = messages.SignatureDefMap.FromString(content)
    assert private.SerializeToString() == content
    graph = meta_graph_pb2.MetaGraphDef()
    graph.meta_info_def.tags.append("serve")
    content = graph.SerializeToString()
    again = messages.MetaGraphDef.FromString(content)
    assert again.SerializeToString() == content


def test_any_holds_the_official_signatures():
    private = messages.GetModelMetadataResponse()
    signatures = messages.SignatureDefMap()
    signatures.signature_def["decode"].inputs["codes"].dtype = 1
    private.metadata["signature_def"].Pack(signatures)
    official = get_model_metadata_pb2.GetModelMetadataResponse.FromString(
        private.SerializeToString()
    )
    found = get_model_metadata_pb2.SignatureDefMap()
    assert official.metadata["signature_def"].Unpack(found)
    assert found.signature_def["decode"].inputs["codes"].dtype == tf.float32


def test_tensors_of_tensorflow_are_read():
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    official = tf.make_tensor_proto(array)
    private = messages.TensorProto.FromString(official.SerializeToString())
    assert private.tensor_content == array.tobytes()
    assert [dim.size for dim in private.tensor_shape.dim] == [2, 3]


BATCHING = """
max_batch_size { value: 128 }
batch_timeout_micros { value: 0 }
max_enqueued_batches { value: 1000000 }
num_batch_threads { value: 8 }
thread_pool_name { value: "pool" }
allowed_batch_sizes: 32
allowed_batch_sizes: 128
pad_variable_length_inputs: true
enable_large_batch_splitting { value: true }
max_execution_batch_size { value: 128 }
"""
SSL = """
server_key: "-----BEGIN PRIVATE KEY-----"
server_cert: "-----BEGIN CERTIFICATE-----"
custom_ca: ""
client_verify: false
"""
MONITORING = """
prometheus_config {
  enable: true,
  path: "/monitoring/prometheus/metrics"
}
"""


def test_documented_files_are_read():
    batching = text_format.Parse(BATCHING, messages.BatchingParameters())
    assert batching.max_batch_size.value == 128
    assert batching.HasField("batch_timeout_micros")
    assert list(batching.allowed_batch_sizes) == [32, 128]
    assert batching.enable_large_batch_splitting.value
    assert batching.thread_pool_name.value == "pool"
    ssl = text_format.Parse(SSL, messages.SSLConfig())
    assert ssl.server_key.startswith("-----BEGIN") and not ssl.client_verify
    monitoring = text_format.Parse(MONITORING, messages.MonitoringConfig())
    assert monitoring.prometheus_config.enable
    assert monitoring.prometheus_config.path.startswith("/monitoring")
