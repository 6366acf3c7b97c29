import pytest
from google.protobuf import text_format
from hypothesis import given
from hypothesis import strategies as st
from tensorflow_serving.config import model_server_config_pb2

from tfdisent.errors import UsageError
from tfdisent.export.messages import ModelServerConfig
from tfdisent.serving.versions.model_config import (
    check_model_config,
    read_model_config,
    single_model_config,
)

OFFICIAL = """
# The form of TensorFlow Serving's documentation.
model_config_list {
  config {
    name: 'encoder'
    base_path: '/models/vae'
    model_platform: 'tensorflow'
    model_version_policy { specific { versions: 42 versions: 43 } }
    version_labels { key: 'stable' value: 42 }
    version_labels { key: 'canary' value: 43 }
  }
  config { name: "b.2-x_Y" base_path: "/models/b" }
}
"""


def written(tmp_path, text):
    path = tmp_path / "models.config"
    path.write_text(text)
    return path


def entry(**fields):
    config = ModelServerConfig()
    fields = {"name": "m", "base_path": "/m"} | fields
    config.model_config_list.config.add(**fields)
    return config


def test_reads_what_the_official_message_reads(tmp_path):
    config = read_model_config(written(tmp_path, OFFICIAL))
    official = model_server_config_pb2.ModelServerConfig()
    text_format.Parse(OFFICIAL, official)
    assert (
        official.FromString(config.SerializeToString(deterministic=True))
        == official
    )


def test_single_model():
    config = single_model_config("vae", "/models/vae")
    (model,) = config.model_config_list.config
    assert (model.name, model.base_path) == ("vae", "/models/vae")
    assert model.model_platform == "tensorflow"


def test_an_empty_list_is_a_config(tmp_path):
    config = read_model_config(written(tmp_path, "model_config_list {}"))
    assert not config.model_config_list.config


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("model_config_list {\n  confg {}\n}", "line 2:3"),
        ("model_config_list { config { name: 'a'", "line 1:"),
        ("model_config_list { config { name: 7 } }", "line 1:36"),
        ("", "model_config_list { config {"),
        ("\x00", "line 1:"),
        (
            OFFICIAL.replace("b.2-x_Y", "a/b"),
            r"model 2 \('a/b'\): name must be 1 to 128 letters",
        ),
        (
            OFFICIAL.replace("b.2-x_Y", "encoder"),
            "models 1 and 2 are both named 'encoder'",
        ),
    ],
)
def test_a_fault_is_named_with_its_place(tmp_path, text, said):
    path = written(tmp_path, text)
    with pytest.raises(UsageError, match=said) as info:
        read_model_config(path)
    assert str(path) in str(info.value)
    assert "\n" not in str(info.value)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": ""}, "1 to 128 letters"),
        ({"name": "a" * 129}, "1 to 128 letters"),
        ({"name": "a\n"}, "1 to 128 letters"),
        ({"name": "vä"}, "1 to 128 letters"),
        ({"base_path": ""}, "absolute path"),
        ({"base_path": "models/m"}, "'models/m' must be an absolute path"),
        ({"base_path": "/m\0"}, "printable"),
        ({"base_path": "gs://bucket/m"}, "mount the bucket"),
        ({"base_path": "s3://bucket/m"}, "mount the bucket"),
        ({"base_path": "file:///m"}, "is a URI"),
        ({"model_platform": "pytorch"}, "must be 'tensorflow' or left out"),
        ({"model_version_policy": {"specific": {}}}, "at least one version"),
        ({"logging_config": {}}, "no effect"),
        ({"version_labels": {"": 1}}, "version label '' must be"),
        ({"version_labels": {"a/b": 1}}, "version label 'a/b' must be"),
    ],
)
def test_what_could_not_be_served_is_refused(fields, said):
    with pytest.raises(UsageError, match=said) as info:
        check_model_config(entry(**fields))
    assert "\n" not in str(info.value)


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "a" * 128},
        {"name": ".."},  # Never a path.
        {"base_path": "/with space/ä"},
        {"model_platform": ""},
        {"model_version_policy": {"latest": {"num_versions": 0}}},
        {"model_version_policy": {"all": {}}},
        {"version_labels": {"stable": -1}},
    ],
)
def test_what_can_be_served_is_taken(fields):
    check_model_config(entry(**fields))


def test_a_custom_config_is_refused():
    config = ModelServerConfig()
    config.custom_model_config.SetInParent()
    with pytest.raises(UsageError, match="one model_config_list"):
        check_model_config(config)


@pytest.mark.parametrize("content", [None, b"\xff", "folder"])
def test_a_file_that_is_no_text_is_a_usage_error(tmp_path, content):
    path = tmp_path / "models.config"
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match="models.config"):
        read_model_config(path)


def _all_texts():
    pieces = st.sampled_from(
        ["model_config_list", "config", "name", ":", "'a'", "{", "}", "#", "1"]
        + ["base_path", "version_labels", "\n", "\\", '"', "any", "[", "/m"]
    )
    return st.lists(pieces, max_size=30).map(" ".join) | st.text(max_size=200)


@given(text=_all_texts())
def test_any_text_is_a_config_or_a_usage_error(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any.config"
    path.write_text(text, encoding="utf-8", errors="replace")
    try:
        config = read_model_config(path)
    except UsageError:
        return
    assert config.WhichOneof("config") == "model_config_list"
