import math

from prometheus_client.parser import text_string_to_metric_families

from tfdisent.serving.monitoring import UNKNOWN, Monitoring
from tfdisent.serving.status import Code

# The parser adds the suffix that the text lacks.
COUNT = ":tensorflow:serving:request_count_total"
LATENCY = ":tensorflow:serving:request_latency"


def samples(monitoring):
    """Value by name and set of labels."""
    families = text_string_to_metric_families(monitoring.exposition().decode())
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def key(name, **labels):
    return name, frozenset(labels.items())


def test_requests_are_counted_under_the_official_names():
    monitoring = Monitoring(lambda: {"vae": [1]})
    for _ in range(3):
        monitoring.observe("vae", 1, "GRPC", "Predict", Code.OK, 0.001)
    monitoring.observe("vae", 1, "REST", "Predict", Code.OK, 0.25)
    for api in ("GRPC", "REST"):
        code = Code.INVALID_ARGUMENT
        monitoring.observe("vae", 1, api, "Predict", code, 0.001)
    found = samples(monitoring)
    assert found[key(COUNT, model_name="vae", status="OK")] == 4
    refused = key(COUNT, model_name="vae", status="INVALID_ARGUMENT")
    assert found[refused] == 2
    grpc = dict(model_name="vae", API="Predict", entrypoint="GRPC")
    rest = dict(model_name="vae", API="predict", entrypoint="REST")
    assert found[key(f"{LATENCY}_count", **grpc)] == 3
    assert found[key(f"{LATENCY}_sum", **grpc)] == 3000
    assert found[key(f"{LATENCY}_count", **rest)] == 1
    # 10 * 1.8 ** 7 is 612 microseconds, 10 * 1.8 ** 8 is 1102.
    below = {
        float(dict(labels)["le"]): value
        for (name, labels), value in found.items()
        if name == f"{LATENCY}_bucket" and ("entrypoint", "GRPC") in labels
    }
    edges = sorted(below)
    assert len(edges) == 34 and edges[-1] == math.inf
    assert math.isclose(edges[32], 10 * 1.8**32)
    assert [below[edge] for edge in edges[7:9]] == [0, 3]
    text = monitoring.exposition().decode()
    name = COUNT.removesuffix("_total")
    assert f"# TYPE {name} counter\n" in text and f"\n{name}{{" in text
    assert COUNT not in text and "_created" not in text


def test_other_methods_count_in_a_metric_of_our_own():
    monitoring = Monitoring(lambda: {"vae": [7]})
    monitoring.observe("vae", None, "GRPC", "GetModelStatus", Code.OK, 0.001)
    monitoring.observe("vae", 7, "REST", "Predict", Code.OK, 0.001)
    found = samples(monitoring)
    common = dict(model_name="vae", status="OK")
    status = dict(version="", API="GetModelStatus", entrypoint="GRPC")
    predict = dict(version="7", API="predict", entrypoint="REST")
    assert found[key("tfdisent_answers_total", **common, **status)] == 1
    assert found[key("tfdisent_answers_total", **common, **predict)] == 1
    assert found[key(COUNT, **common)] == 1


def test_names_that_clients_invent_share_one_label():
    monitoring = Monitoring(lambda: {"vae": [1]})
    for i in range(1000):
        name = f'no"\n\\{i}'
        code = Code.NOT_FOUND
        monitoring.observe(name, None, "REST", "Predict", code, 0.001)
    found = samples(monitoring)
    assert found[key(COUNT, model_name=UNKNOWN, status="NOT_FOUND")] == 1000
    assert len(monitoring.exposition()) < 20_000


def test_a_model_keeps_its_name_after_it_is_gone():
    models = {"vae": [1]}
    monitoring = Monitoring(lambda: models)
    monitoring.observe("vae", 1, "REST", "Predict", Code.OK, 0.001)
    models.clear()
    code = Code.NOT_FOUND
    monitoring.observe("vae", None, "REST", "Predict", code, 0.001)
    assert samples(monitoring)[key(COUNT, model_name="vae", status="NOT_FOUND")]


def test_label_values_are_escaped():
    name = 'a"b\\c\nd'
    monitoring = Monitoring(lambda: {name: [1]})
    monitoring.observe(name, 1, "GRPC", "Predict", Code.OK, 0.001)
    assert samples(monitoring)[key(COUNT, model_name=name, status="OK")] == 1


def test_versions_batches_and_the_process_are_shown():
    monitoring = Monitoring(lambda: {"vae": [3, 2], "gan": []})
    monitoring.batch(5, 0.003)
    monitoring.batch(64, 0.0)
    found = samples(monitoring)
    versions = [
        dict(labels)
        for name, labels in found
        if name == "tfdisent_available_version"
    ]
    assert sorted(each["version"] for each in versions) == ["2", "3"]
    assert found[key("tfdisent_batch_rows_sum")] == 69
    assert found[key("tfdisent_batch_rows_bucket", le="8.0")] == 1
    assert found[key("tfdisent_batch_wait_seconds_count")] == 2
    assert found[key("process_resident_memory_bytes")] > 1e6


def test_what_is_refused_and_what_never_ran_are_counted_apart():
    monitoring = Monitoring()

    def counts():
        found = samples(monitoring)
        return [
            found[key(f"tfdisent_{which}_requests_total")]
            for which in ("refused", "dropped")
        ]

    assert counts() == [0, 0]
    monitoring.refused()
    for _ in range(2):
        monitoring.dropped()
    assert counts() == [1, 2]


def test_two_servers_in_a_process_count_apart():
    first, second = (Monitoring(lambda: {"vae": [1]}) for _ in range(2))
    first.observe("vae", 1, "GRPC", "Predict", Code.OK, 0.001)
    assert samples(first)[key(COUNT, model_name="vae", status="OK")] == 1
    assert key(COUNT, model_name="vae", status="OK") not in samples(second)
