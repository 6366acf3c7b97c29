"""The fields of TensorFlow Serving's messages: the table of `messages`."""

_DATA_TYPES = """
    INVALID FLOAT DOUBLE INT32 UINT8 INT16 INT8 STRING COMPLEX64 INT64 BOOL
    QINT8 QUINT8 QINT32 BFLOAT16 QINT16 QUINT16 UINT16 COMPLEX128 HALF
    RESOURCE VARIANT UINT32 UINT64
"""
_CODES = """
    OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND
    ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION
    ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS
    UNAUTHENTICATED
"""

# By package.
ENUMS = {
    "tensorflow.error": {"Code": dict(enumerate(_CODES.split()))},
    "tensorflow": {
        "DataType": {
            i: f"DT_{name}" for i, name in enumerate(_DATA_TYPES.split())
        }
    },
    "tensorflow.serving": {
        "ModelVersionStatus.State": {
            0: "UNKNOWN",
            10: "START",
            20: "LOADING",
            30: "AVAILABLE",
            40: "UNLOADING",
            50: "END",
        }
    },
}
_POLICY = "FileSystemStoragePathSourceConfig.ServableVersionPolicy"

# Fields by message: "NUMBER TYPE", with "repeated", "map" (from strings) or
# "oneof GROUP" before the type. A type is a scalar, a message or enumeration
# of the same package, or a whole name. A message follows what it lies in.
MESSAGES = {
    "tensorflow.error": {},
    "tensorflow": {
        "TensorShapeProto": {
            "dim": "2 repeated TensorShapeProto.Dim",
            "unknown_rank": "3 bool",
        },
        "TensorShapeProto.Dim": {"size": "1 int64", "name": "2 string"},
        "TensorProto": {
            "dtype": "1 DataType",
            "tensor_shape": "2 TensorShapeProto",
            "version_number": "3 int32",
            "tensor_content": "4 bytes",
            "half_val": "13 repeated int32",
            "float_val": "5 repeated float",
            "double_val": "6 repeated double",
            "int_val": "7 repeated int32",
            "string_val": "8 repeated bytes",
            "int64_val": "10 repeated int64",
            "bool_val": "11 repeated bool",
            "uint32_val": "16 repeated uint32",
            "uint64_val": "17 repeated uint64",
        },
        "TensorInfo": {
            "name": "1 oneof encoding string",
            "dtype": "2 DataType",
            "tensor_shape": "3 TensorShapeProto",
        },
        "SignatureDef": {
            "inputs": "1 map TensorInfo",
            "outputs": "2 map TensorInfo",
            "method_name": "3 string",
            "defaults": "4 map TensorProto",
        },
        "MetaGraphDef": {"signature_def": "5 map SignatureDef"},
        "ConfigProto": {
            "intra_op_parallelism_threads": "2 int32",
            "inter_op_parallelism_threads": "5 int32",
        },
    },
    "tensorflow.serving": {
        "ModelSpec": {
            "name": "1 string",
            "version": "2 oneof version_choice google.protobuf.Int64Value",
            "version_label": "4 oneof version_choice string",
            "signature_name": "3 string",
        },
        "PredictRequest": {
            "model_spec": "1 ModelSpec",
            "inputs": "2 map tensorflow.TensorProto",
            "output_filter": "3 repeated string",
        },
        "PredictResponse": {
            "model_spec": "2 ModelSpec",
            "outputs": "1 map tensorflow.TensorProto",
        },
        "SignatureDefMap": {"signature_def": "1 map tensorflow.SignatureDef"},
        "GetModelMetadataRequest": {
            "model_spec": "1 ModelSpec",
            "metadata_field": "2 repeated string",
        },
        "GetModelMetadataResponse": {
            "model_spec": "1 ModelSpec",
            "metadata": "2 map google.protobuf.Any",
        },
        "StatusProto": {
            "error_code": "1 tensorflow.error.Code",
            "error_message": "2 string",
        },
        "GetModelStatusRequest": {"model_spec": "1 ModelSpec"},
        "ModelVersionStatus": {
            "version": "1 int64",
            "state": "2 ModelVersionStatus.State",
            "status": "3 StatusProto",
        },
        "GetModelStatusResponse": {
            "model_version_status": "1 repeated ModelVersionStatus"
        },
        "ReloadConfigRequest": {
            "config": "1 ModelServerConfig",
            "metric_names": "2 repeated string",
        },
        "Metric": {
            "name": "1 string",
            "int64_value_increase": "2 oneof value_increase int64",
        },
        "ReloadConfigResponse": {
            "status": "1 StatusProto",
            "metric": "2 repeated Metric",
        },
        "FileSystemStoragePathSourceConfig": {},
        _POLICY: {
            "latest": f"100 oneof policy_choice {_POLICY}.Latest",
            "all": f"101 oneof policy_choice {_POLICY}.All",
            "specific": f"102 oneof policy_choice {_POLICY}.Specific",
        },
        f"{_POLICY}.Latest": {"num_versions": "1 uint32"},
        f"{_POLICY}.All": {},
        f"{_POLICY}.Specific": {"versions": "1 repeated int64"},
        "LogCollectorConfig": {
            "type": "1 string",
            "filename_prefix": "2 string",
        },
        "SamplingConfig": {"sampling_rate": "1 double"},
        "LoggingConfig": {
            "log_collector_config": "1 LogCollectorConfig",
            "sampling_config": "2 SamplingConfig",
        },
        "ModelConfig": {
            "name": "1 string",
            "base_path": "2 string",
            "model_platform": "4 string",
            "model_version_policy": f"7 {_POLICY}",
            "version_labels": "8 map int64",
            "logging_config": "6 LoggingConfig",
        },
        "ModelConfigList": {"config": "1 repeated ModelConfig"},
        "ModelServerConfig": {
            "model_config_list": "1 oneof config ModelConfigList",
            "custom_model_config": "2 oneof config google.protobuf.Any",
        },
        "PredictLog": {
            "request": "1 PredictRequest",
            "response": "2 PredictResponse",
        },
        "PredictionLog": {"predict_log": "6 oneof log_type PredictLog"},
        # The rest occur in text files alone.
        "BatchingParameters": {
            "max_batch_size": "1 google.protobuf.Int64Value",
            "batch_timeout_micros": "2 google.protobuf.Int64Value",
            "max_enqueued_batches": "3 google.protobuf.Int64Value",
            "num_batch_threads": "4 google.protobuf.Int64Value",
            "thread_pool_name": "5 google.protobuf.StringValue",
            "allowed_batch_sizes": "6 repeated int64",
            "pad_variable_length_inputs": "7 bool",
            "enable_large_batch_splitting": "8 google.protobuf.BoolValue",
            "max_execution_batch_size": "9 google.protobuf.Int64Value",
        },
        "SSLConfig": {
            "server_key": "1 string",
            "server_cert": "2 string",
            "custom_ca": "3 string",
            "client_verify": "4 bool",
        },
        "PrometheusConfig": {"enable": "1 bool", "path": "2 string"},
        "MonitoringConfig": {"prometheus_config": "1 PrometheusConfig"},
    },
}
