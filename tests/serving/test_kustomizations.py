"""What kubectl would apply: all that is named is there, and fits together.

Kustomize's own rules, as far as the files use them: kubectl is not everywhere.
"""

import pathlib

import kubernetes_validate
import pytest
import yaml
from google.protobuf import text_format

from tfdisent.export import messages

SERVING = pathlib.Path(__file__).parents[2] / "serving"
MESSAGES = {
    "models.config": messages.ModelServerConfig,
    "monitoring.config": messages.MonitoringConfig,
    "batching_parameters.txt": messages.BatchingParameters,
}


def kustomized(folder):
    """Manifests by kind; each kind has one."""
    told = yaml.safe_load((folder / "kustomization.yaml").read_text())
    manifests = {}
    for name in told.get("resources", []):
        path = folder / name
        new = kustomized(path) if path.is_dir() else by_kind(path)
        assert not new.keys() & manifests.keys()
        manifests |= new
    for generator in told.get("configMapGenerator", []):
        data = {
            name: (folder / name).read_text() for name in generator["files"]
        }
        made = dict(apiVersion="v1", kind="ConfigMap", data=data)
        made["metadata"] = {"name": generator["name"]}
        before = manifests.get("ConfigMap")
        behavior = "merge" if before else "create"
        assert generator.get("behavior", "create") == behavior
        manifests["ConfigMap"] = merged(before, made)
    for patch in told.get("patches", []):
        change = yaml.safe_load(patch["patch"])
        if isinstance(change, list):
            extend(manifests[patch["target"]["kind"]], change)
        elif "$patch" in change:
            removed = manifests.pop(change["kind"])
            assert removed["metadata"]["name"] == change["metadata"]["name"]
        else:
            kind = change["kind"]
            manifests[kind] = merged(manifests[kind], change)
    return manifests


def by_kind(path):
    return {m["kind"]: m for m in yaml.safe_load_all(path.read_text())}


def merged(base, patch):
    """A strategic merge, whose items of lists are changed or deleted."""
    if base is None:
        return patch
    if isinstance(patch, dict):
        return base | {k: merged(base.get(k), v) for k, v in patch.items()}
    if not isinstance(patch, list):
        return patch
    items = list(base)
    for change in patch:
        key = next(k for k in ("mountPath", "name") if k in change)
        [i] = [i for i, item in enumerate(items) if item[key] == change[key]]
        if "$patch" in change:
            del items[i]
        else:
            items[i] = merged(items[i], change)
    return items


def extend(manifest, steps):
    """JSON patches, which append to lists."""
    for step in steps:
        assert step["op"] == "add"
        _, *keys, last = step["path"].split("/")
        assert last == "-"
        for key in keys:
            manifest = manifest[int(key) if isinstance(manifest, list) else key]
        manifest.append(step["value"])


@pytest.mark.parametrize("folder", ["kubernetes", "bucket"])
def test_a_kustomization_gives_manifests_that_fit_together(folder):
    manifests = kustomized(SERVING / folder)
    for manifest in manifests.values():
        latest = kubernetes_validate.latest_version()
        kubernetes_validate.validate(manifest, latest, strict=True)
    pod = manifests["Deployment"]["spec"]["template"]["spec"]
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    mounted = pod["containers"][0]["volumeMounts"]
    assert {mount["name"] for mount in mounted} == set(volumes)
    config = manifests["ConfigMap"]
    assert volumes["config"]["configMap"]["name"] == config["metadata"]["name"]
    assert ("gs://" in config["data"]["models.config"]) == (folder == "bucket")
    assert ("PersistentVolumeClaim" in manifests) == ("models" in volumes)
    assert ("models" in volumes) == (folder == "kubernetes")
    assert config["data"].keys() == MESSAGES.keys()
    for name, content in config["data"].items():
        text_format.Parse(content, MESSAGES[name]())
    named = [
        flag.partition("=/config/")[2]
        for flag in pod["containers"][0]["args"]
        if "=/config/" in flag
    ]
    assert {"models.config", "monitoring.config"} <= set(named) <= set(MESSAGES)


def test_each_manifest_but_that_of_the_readme_is_in_the_kustomization():
    folder = SERVING / "kubernetes"
    manifests = {
        kind
        for path in folder.glob("*.yaml")
        if path.stem not in ("kustomization", "fill")
        for kind in by_kind(path)
    }
    assert kustomized(folder).keys() == manifests | {"ConfigMap"}
