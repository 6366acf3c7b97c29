"""The files of serving/: each is valid, and all say the same."""

import http.server
import json
import pathlib
import re
import shlex
import subprocess
import threading

import check_jsonschema
import jsonschema
import kubernetes_validate
import pytest
import yaml
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from tfdisent.export import messages
from tfdisent.export.contract import DEFAULT, ENDPOINTS, endpoints_of
from tfdisent.export.served_command import IMAGE, served_command

SERVING = pathlib.Path(__file__).parents[2] / "serving"
CONFIG = SERVING / "config"
README = (SERVING / "README.md").read_text()
MODEL_CONFIGS = [
    *CONFIG.glob("models*.config"),
    SERVING / "bucket/models.config",
]
MANIFESTS = [
    path
    for path in (SERVING / "kubernetes").glob("*.yaml")
    if path.name != "kustomization.yaml"
]
COMPOSE = yaml.safe_load((SERVING / "compose.yaml").read_text())
SERVICE = COMPOSE["services"]["tensorflow-serving"]
POD = yaml.safe_load((SERVING / "kubernetes/deployment.yaml").read_text())[
    "spec"
]["template"]["spec"]
CONTAINER = POD["containers"][0]
FILE_FLAGS = {
    "model_config_file": model_server_config_pb2.ModelServerConfig,
    "batching_parameters_file": messages.BatchingParameters,
    "monitoring_config_file": messages.MonitoringConfig,
}


def parsed(path, message):
    return text_format.Parse(path.read_text(), message())


def model_configs(path):
    official = parsed(path, model_server_config_pb2.ModelServerConfig)
    return official.model_config_list.config


def flags_of(arguments):
    return dict(
        argument.removeprefix("--").split("=", 1) for argument in arguments
    )


@pytest.mark.parametrize("path", MODEL_CONFIGS, ids=lambda p: p.name)
def test_models_are_served_once_and_labels_are_of_kept_versions(path):
    configs = model_configs(path)
    assert parsed(path, messages.ModelServerConfig).SerializeToString(
        deterministic=True
    ) == parsed(
        path, model_server_config_pb2.ModelServerConfig
    ).SerializeToString(deterministic=True)
    assert len({config.name for config in configs}) == len(configs)
    for config in configs:
        assert config.model_platform == "tensorflow"
        assert config.base_path.startswith(("/models/", "gs://"))
        kept = config.model_version_policy.specific.versions
        # Of a policy that follows what is there no label could be relied on.
        assert set(config.version_labels.values()) <= set(kept)


def test_canary_has_the_labels_that_the_readme_moves():
    [config] = model_configs(CONFIG / "models.canary.config")
    assert dict(config.version_labels) == {"stable": 1, "canary": 2}


def test_two_names_share_a_base_path():
    configs = model_configs(CONFIG / "models.two_names.config")
    assert [config.name for config in configs] == ["encoder", "decoder"]
    assert len({config.base_path for config in configs}) == 1


def test_batching_ends_in_its_largest_batch():
    batching = parsed(
        CONFIG / "batching_parameters.txt", messages.BatchingParameters
    )
    sizes = list(batching.allowed_batch_sizes)
    assert sizes == sorted(set(sizes))
    assert sizes[-1] == batching.max_batch_size.value


def test_tls_example_parses_and_holds_no_key():
    config = parsed(CONFIG / "ssl.config.example", messages.SSLConfig)
    for pem in (config.server_key, config.server_cert):
        assert pem.startswith("-----BEGIN ") and pem.endswith("-----\n")
        assert pem.splitlines()[1] == "PLACEHOLDER"
    assert not config.client_verify


def test_tls_command_of_the_readme_writes_the_pem_files(tmp_path):
    [command] = re.findall(r"```sh\n(pem\(\) .*?)```", README, re.S)
    (tmp_path / "server.key").write_text("-----BEGIN\nk/+=\n-----END\n")
    (tmp_path / "server.crt").write_text("-----BEGIN\nc\n-----END\n")
    (tmp_path / "config").mkdir()
    subprocess.run(["sh", "-ec", command], cwd=tmp_path, check=True)
    written = tmp_path / "config" / "ssl.config"
    config = parsed(written, messages.SSLConfig)
    assert config.server_key == (tmp_path / "server.key").read_text()
    assert config.server_cert == (tmp_path / "server.crt").read_text()
    assert written.stat().st_mode & 0o077 == 0


def test_compose_file_keeps_the_compose_specification():
    vendored = pathlib.Path(check_jsonschema.__file__).parent
    schema = vendored / "builtin_schemas" / "vendor" / "compose-spec.json"
    jsonschema.validate(COMPOSE, json.loads(schema.read_text()))


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda p: p.name)
def test_manifests_keep_the_schemas_of_kubernetes(path):
    for manifest in yaml.safe_load_all(path.read_text()):
        for version in ("1.31", kubernetes_validate.latest_version()):
            kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize("arguments", [SERVICE["command"], CONTAINER["args"]])
def test_flags_name_files_that_are_mounted_and_parse(arguments):
    flags = flags_of(arguments)
    assert flags.keys() >= {"model_config_file", "monitoring_config_file"}
    # Whoever may reach a new server could fail the requests of others.
    assert "enable_batching" not in flags
    for flag, message in FILE_FLAGS.items():
        if flag in flags:
            folder, name = flags[flag].rsplit("/", 1)
            assert folder == "/config"
            parsed(CONFIG / name, message)
    generated = yaml.safe_load((CONFIG / "kustomization.yaml").read_text())
    files = generated["configMapGenerator"][0]["files"]
    assert {flags[f].rsplit("/")[-1] for f in FILE_FLAGS if f in flags} <= set(
        files
    )


def test_images_ports_and_folders_are_the_same_everywhere():
    assert SERVICE["image"] == CONTAINER["image"] == IMAGE
    assert re.fullmatch(r"tensorflow/serving:\d+\.\d+\.\d+", IMAGE)
    words = shlex.split(served_command("export", "beta_tcvae"))
    published = [
        words[i + 1] for i, word in enumerate(words) if word == "--publish"
    ]
    assert SERVICE["ports"] == published
    ports = {p["name"]: p["containerPort"] for p in CONTAINER["ports"]}
    assert [port.split(":")[-1] for port in published] == [
        str(ports["grpc"]),
        str(ports["http"]),
    ]
    service = yaml.safe_load((SERVING / "kubernetes/service.yaml").read_text())
    assert {
        p["targetPort"]: p["port"] for p in service["spec"]["ports"]
    } == ports
    [config] = model_configs(CONFIG / "models.config")
    models, configs = SERVICE["volumes"]
    assert models["target"] == config.base_path
    assert (SERVING / configs["source"]).resolve() == CONFIG
    mounts = {mount["name"]: mount for mount in CONTAINER["volumeMounts"]}
    assert mounts["config"]["mountPath"] == configs["target"] == "/config"
    assert config.base_path == f"{mounts['models']['mountPath']}/{config.name}"
    assert mounts["models"]["readOnly"] and models["read_only"]


def test_probes_ask_for_the_model_and_metrics_have_their_path():
    [config] = model_configs(CONFIG / "models.config")
    status = f"/v1/models/{config.name}"
    paths = {
        probe: CONTAINER[f"{probe}Probe"]["httpGet"]["path"]
        for probe in ("startup", "readiness", "liveness")
    }
    assert paths == {
        "startup": f"{status}/metadata",
        "readiness": f"{status}/metadata",
        "liveness": status,
    }
    assert (
        f"GET {status}/metadata HTTP/1.1" in SERVICE["healthcheck"]["test"][-1]
    )
    monitoring = parsed(CONFIG / "monitoring.config", messages.MonitoringConfig)
    deployment = yaml.safe_load(
        (SERVING / "kubernetes/deployment.yaml").read_text()
    )
    annotations = deployment["spec"]["template"]["metadata"]["annotations"]
    assert monitoring.prometheus_config.enable
    assert (
        annotations["prometheus.io/path"] == monitoring.prometheus_config.path
    )


def test_pods_are_found_guarded_scaled_and_given_time_to_end():
    manifests = {
        path.stem: yaml.safe_load(path.read_text()) for path in MANIFESTS
    }
    deployment = manifests["deployment"]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"] == labels
    assert manifests["service"]["spec"]["selector"] == labels
    policy = manifests["network"]["spec"]
    assert policy["podSelector"]["matchLabels"] == labels
    assert policy["policyTypes"] == ["Ingress"]
    [allowed] = policy["ingress"]
    assert allowed["from"]  # none would be anybody
    assert allowed["ports"] == [{"port": p["name"]} for p in CONTAINER["ports"]]
    target = manifests["autoscaler"]["spec"]["scaleTargetRef"]
    assert target["name"] == deployment["metadata"]["name"]
    assert "replicas" not in deployment["spec"]
    [claim] = [v for v in POD["volumes"] if v["name"] == "models"]
    name = manifests["volume"]["metadata"]["name"]
    assert claim["persistentVolumeClaim"]["claimName"] == name
    fill = manifests["fill"]["spec"]
    assert fill["volumes"] == [claim]
    assert fill["containers"][0]["image"] == IMAGE
    _, seconds = CONTAINER["lifecycle"]["preStop"]["exec"]["command"]
    assert int(seconds) < POD["terminationGracePeriodSeconds"]


@pytest.mark.parametrize(("status", "code"), [(200, 0), (404, 1)])
def test_health_check_of_the_compose_file(status, code):
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        _, *command = SERVICE["healthcheck"]["test"]
        command[-1] = command[-1].replace("8501", str(server.server_port))
        assert subprocess.run(command, timeout=30).returncode == code
        server.shutdown()
    refused = subprocess.run(command, timeout=30, stderr=subprocess.DEVNULL)
    assert refused.returncode != 0


class Grey:
    """What the contract asks of the model of the examples."""

    image_shape, num_latents, encode, decode = (64, 64, 1), 10, True, True
    num_noise, generate = 2, True


def test_table_of_the_readme_is_the_contract():
    rows = re.findall(r"^\| (`.*?) \| (.*) \| (.*) \|$", README, re.M)
    table = {
        name: row[1:]
        for row in rows
        for name in re.findall(r"`([a-z_]+)`", row[0])
    }
    assert table.keys() >= {endpoint.name for endpoint in ENDPOINTS}
    assert table.keys() - {DEFAULT} <= endpoints_of(Grey).keys()
    for endpoint in ENDPOINTS:
        for cell, tensors in zip(
            table[endpoint.name],
            (endpoint.inputs, endpoint.outputs),
            strict=True,
        ):
            assert re.findall(r"`([a-z]+)[ `]", cell) == [
                tensor.name for tensor in tensors
            ]


def test_requests_of_the_readme_keep_the_contract():
    endpoints = endpoints_of(Grey)
    bodies = re.findall(r"-d '(\{.*?\})'$", README, re.S | re.M)
    bodies = [json.loads(body) for body in bodies]
    assert len(bodies) == 3
    for body in bodies:
        names = [t.name for t in endpoints[body["signature_name"]].inputs]
        for row in body["instances"]:
            assert not isinstance(row, dict) or list(row) == names
            assert isinstance(row, dict) == (len(names) > 1)
