"""The operator's files: parsed by the server's own protocol buffers where a schema exists."""

import pathlib
import re

import pytest
import yaml
from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    message_factory,
    text_format,
    wrappers_pb2,
)
from tensorflow_serving.config import model_server_config_pb2

FOLDER = pathlib.Path(__file__).parents[2] / "tools" / "serving"
# Flags of tensorflow_model_server (its main.cc) that the files use or may use.
SERVER_FLAGS = {
    *("port", "rest_api_port", "enable_batching", "batching_parameters_file"),
    *("model_config_file", "model_config_file_poll_wait_seconds", "monitoring_config_file"),
    *("file_system_poll_wait_seconds", "enable_model_warmup", "enable_grpc_healthcheck_service"),
    *("model_name", "model_base_path", "num_request_iterations_for_warmup"),
}
# The server's protos that tensorflow-serving-api does not carry, copied by hand from its sources:
# session_bundle_config.proto and monitoring_config.proto.
_INT64, _BOOL, _STRING, _MESSAGE = 3, 8, 9, 11
BATCHING = {
    "max_batch_size": (1, _MESSAGE, 1, ".google.protobuf.Int64Value"),
    "batch_timeout_micros": (2, _MESSAGE, 1, ".google.protobuf.Int64Value"),
    "max_enqueued_batches": (3, _MESSAGE, 1, ".google.protobuf.Int64Value"),
    "num_batch_threads": (4, _MESSAGE, 1, ".google.protobuf.Int64Value"),
    "thread_pool_name": (5, _MESSAGE, 1, ".google.protobuf.StringValue"),
    "allowed_batch_sizes": (6, _INT64, 3, ""),
    "pad_variable_length_inputs": (7, _BOOL, 1, ""),
}
PROMETHEUS = {"enable": (1, _BOOL, 1, ""), "path": (2, _STRING, 1, "")}
MONITORING = {"prometheus_config": (1, _MESSAGE, 1, ".copied.Prometheus")}


def copied_message(name):
    file = descriptor_pb2.FileDescriptorProto(name="copied.proto", package="copied")
    file.syntax = "proto3"
    file.dependency.append("google/protobuf/wrappers.proto")
    messages = {"Batching": BATCHING, "Prometheus": PROMETHEUS, "Monitoring": MONITORING}
    for title, fields in messages.items():
        message = file.message_type.add(name=title)
        for field, (number, kind, label, type_name) in fields.items():
            message.field.add(
                name=field, number=number, type=kind, label=label, type_name=type_name or None
            )
    pool = descriptor_pool.DescriptorPool()
    wrappers = descriptor_pb2.FileDescriptorProto()
    wrappers_pb2.DESCRIPTOR.CopyToProto(wrappers)
    pool.Add(wrappers)
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"copied.{name}"))()


def documents(name):
    return [d for d in yaml.safe_load_all((FOLDER / name).read_text()) if d]


def kubernetes(kind):
    (found,) = [d for d in documents("kubernetes.yaml") if d["kind"] == kind]
    return found


def both(name):
    """A configuration as a file and as Kubernetes' copy of it."""
    return [(FOLDER / name).read_text(), kubernetes("ConfigMap")["data"][name]]


@pytest.mark.parametrize(
    ("comment", "labels"), [("no comment", {"stable": 1}), ("# v", {"stable": 1, "canary": 2})]
)
def test_models(comment, labels):
    """As shipped, and with the comments on version 2 as lines."""
    first, second = (
        text_format.Parse(text.replace(comment, "v"), model_server_config_pb2.ModelServerConfig())
        for text in both("models.config")
    )
    assert first == second
    (config,) = first.model_config_list.config
    assert (config.name, config.base_path) == ("zeros", "/models/zeros")
    assert config.model_platform == "tensorflow"
    # The server refuses a label on a version that is not loaded.
    loaded = set(config.model_version_policy.specific.versions)
    assert set(config.version_labels.values()) == loaded
    assert dict(config.version_labels) == labels


def test_batching():
    first, second = (
        text_format.Parse(t, copied_message("Batching")) for t in both("batching.config")
    )
    assert str(first) == str(second)
    sizes = list(first.allowed_batch_sizes)
    assert sizes == sorted(set(sizes))
    assert sizes[-1] == first.max_batch_size.value
    assert first.num_batch_threads.value >= 1


def test_monitoring():
    first, second = (
        text_format.Parse(t, copied_message("Monitoring")) for t in both("monitoring.config")
    )
    assert str(first) == str(second)
    assert first.prometheus_config.enable
    annotations = kubernetes("Deployment")["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/path"] == first.prometheus_config.path
    assert annotations["prometheus.io/port"] == "8501"


def test_a_mistake_does_not_parse():
    with pytest.raises(text_format.ParseError):
        text_format.Parse("max_batchsize { value: 1 }", copied_message("Batching"))
    with pytest.raises(text_format.ParseError):
        text_format.Parse(
            "model_config_list { config { path: 'x' } }",
            model_server_config_pb2.ModelServerConfig(),
        )


def arguments():
    (container,) = kubernetes("Deployment")["spec"]["template"]["spec"]["containers"]
    (service,) = documents("compose.yaml")[0]["services"].values()
    return {"kubernetes.yaml": container["args"], "compose.yaml": service["command"]}


@pytest.mark.parametrize("name", ["kubernetes.yaml", "compose.yaml"])
def test_the_server_has_these_flags(name):
    flags = dict(argument.removeprefix("--").split("=", 1) for argument in arguments()[name])
    assert set(flags) <= SERVER_FLAGS
    assert (flags["port"], flags["rest_api_port"]) == ("8500", "8501")
    for flag, value in flags.items():
        if flag.endswith("_file"):
            assert (FOLDER / pathlib.PurePath(value).name).exists(), value


def test_kubernetes_names_fit_together():
    deployment, service = kubernetes("Deployment")["spec"], kubernetes("Service")["spec"]
    template = deployment["template"]
    labels = template["metadata"]["labels"]
    assert deployment["selector"]["matchLabels"] == service["selector"] == labels
    (container,) = template["spec"]["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"grpc": 8500, "rest": 8501}
    assert {port["targetPort"] for port in service["ports"]} == set(ports)
    volumes = {volume["name"] for volume in template["spec"]["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == volumes
    for probe in ("startupProbe", "readinessProbe"):
        path = container[probe]["httpGet"]["path"]
        # What TensorFlow Serving's REST interface answers to GET.
        assert re.fullmatch(r"/v1/models/zeros(/labels/stable)?(/metadata)?", path)


def test_kserve():
    (service,) = documents("kserve.yaml")
    assert (service["apiVersion"], service["kind"]) == (
        "serving.kserve.io/v1beta1",
        "InferenceService",
    )
    model = service["spec"]["predictor"]["model"]
    assert model["modelFormat"]["name"] == "tensorflow"
    assert model["storageUri"].startswith("pvc://models/")
