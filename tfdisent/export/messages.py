"""The messages of TensorFlow Serving's protocol, without TensorFlow.

The package tensorflow-serving-api has them too, but importing it imports all
of TensorFlow. These are the same on the wire and in text: a test compares
each field with the official one. They live in a descriptor pool of their own,
so both can be in one process.

References:
  tensorflow_serving/apis/*.proto, tensorflow_serving/config/*.proto,
  tensorflow/core/framework/{tensor,tensor_shape,types}.proto,
  tensorflow/core/protobuf/{config,meta_graph}.proto
"""

from google.protobuf import (
    any_pb2,
    descriptor_pb2,
    descriptor_pool,
    message_factory,
    wrappers_pb2,
)

from tfdisent.export.message_fields import ENUMS, MESSAGES

_SCALARS = ("bool", "bytes", "double", "float", "int32", "int64", "string")
_SCALARS += ("uint32", "uint64")
_Field = descriptor_pb2.FieldDescriptorProto


def _file(package: str) -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name=f"tfdisent/{package}.proto", package=package, syntax="proto3"
    )
    messages = {"": file}
    for name in MESSAGES[package]:
        outer, _, inner = name.rpartition(".")
        siblings = messages[outer].nested_type if outer else file.message_type
        messages[name] = siblings.add(name=inner)
    for name, values in ENUMS[package].items():
        outer, _, inner = name.rpartition(".")
        enum = messages[outer].enum_type.add(name=inner)
        for number, value in values.items():
            enum.value.add(name=value, number=number)
    for name, fields in MESSAGES[package].items():
        for field, text in fields.items():
            _add_field(messages[name], package, name, field, text)
    return file


def _add_field(
    message: descriptor_pb2.DescriptorProto,
    package: str,
    path: str,
    name: str,
    text: str,
) -> None:
    number, *how, type_name = text.split()
    field = message.field.add(name=name, number=int(number))
    field.label = _Field.LABEL_OPTIONAL
    match how:
        case ["repeated"]:
            field.label = _Field.LABEL_REPEATED
        case ["oneof", group]:
            groups = [oneof.name for oneof in message.oneof_decl]
            if group not in groups:
                message.oneof_decl.add(name=group)
                groups.append(group)
            field.oneof_index = groups.index(group)
        case ["map"]:
            # On the wire, and to protobuf, a map is a list of such entries.
            words = [word.capitalize() for word in name.split("_")]
            entry = message.nested_type.add(name="".join([*words, "Entry"]))
            entry.options.map_entry = True
            _add_field(entry, package, path, "key", "1 string")
            _add_field(entry, package, path, "value", f"2 {type_name}")
            field.label = _Field.LABEL_REPEATED
            type_name = f"{package}.{path}.{entry.name}"
    if type_name in _SCALARS:
        field.type = getattr(_Field, f"TYPE_{type_name.upper()}")
        return
    if type_name in MESSAGES[package] or type_name in ENUMS[package]:
        type_name = f"{package}.{type_name}"
    field.type_name = f".{type_name}"


def _classes() -> dict[str, type]:
    pool = descriptor_pool.DescriptorPool()
    files = [any_pb2.DESCRIPTOR.name, wrappers_pb2.DESCRIPTOR.name]
    pool.AddSerializedFile(any_pb2.DESCRIPTOR.serialized_pb)
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    for package in MESSAGES:
        file = _file(package)
        file.dependency.extend(files)
        files.append(file.name)
        pool.Add(file)
    return message_factory.GetMessageClassesForFiles(files, pool)


_CLASSES = _classes()

TensorProto = _CLASSES["tensorflow.TensorProto"]
TensorInfo = _CLASSES["tensorflow.TensorInfo"]
SignatureDef = _CLASSES["tensorflow.SignatureDef"]
MetaGraphDef = _CLASSES["tensorflow.MetaGraphDef"]
ConfigProto = _CLASSES["tensorflow.ConfigProto"]
ModelSpec = _CLASSES["tensorflow.serving.ModelSpec"]
PredictRequest = _CLASSES["tensorflow.serving.PredictRequest"]
PredictResponse = _CLASSES["tensorflow.serving.PredictResponse"]
SignatureDefMap = _CLASSES["tensorflow.serving.SignatureDefMap"]
GetModelMetadataRequest = _CLASSES["tensorflow.serving.GetModelMetadataRequest"]
GetModelMetadataResponse = _CLASSES[
    "tensorflow.serving.GetModelMetadataResponse"
]
GetModelStatusRequest = _CLASSES["tensorflow.serving.GetModelStatusRequest"]
ModelVersionStatus = _CLASSES["tensorflow.serving.ModelVersionStatus"]
GetModelStatusResponse = _CLASSES["tensorflow.serving.GetModelStatusResponse"]
ReloadConfigRequest = _CLASSES["tensorflow.serving.ReloadConfigRequest"]
ReloadConfigResponse = _CLASSES["tensorflow.serving.ReloadConfigResponse"]
ModelServerConfig = _CLASSES["tensorflow.serving.ModelServerConfig"]
ModelConfig = _CLASSES["tensorflow.serving.ModelConfig"]
PredictionLog = _CLASSES["tensorflow.serving.PredictionLog"]
BatchingParameters = _CLASSES["tensorflow.serving.BatchingParameters"]
SSLConfig = _CLASSES["tensorflow.serving.SSLConfig"]
MonitoringConfig = _CLASSES["tensorflow.serving.MonitoringConfig"]
