"""What a record says about the machine."""

from unittest import mock

import pytest
import tensorflow as tf

from memgan_tf.training import environment
from memgan_tf.training.environment import describe_environment, describe_processor


def test_environment_names_the_gpus_and_has_no_such_field_without_them():
    assert "gpus" not in describe_environment()
    gpus = [tf.config.PhysicalDevice(f"/physical_device:GPU:{n}", "GPU") for n in range(2)]
    details = [{"device_name": "NVIDIA H200"}, {}]
    with (
        mock.patch.object(tf.config, "list_physical_devices", return_value=gpus) as listed,
        mock.patch.object(tf.config.experimental, "get_device_details", side_effect=details),
    ):
        found = describe_environment()
    listed.assert_called_once_with("GPU")
    # A card without a name of its own has TensorFlow's.
    assert found["gpus"] == ["NVIDIA H200", "/physical_device:GPU:1"]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ("processor\t: 0\nmodel name\t: Some CPU 7\nflags\t\t: fpu avx avx2\n", "Some CPU 7, AVX2"),
        ("model name\t: A\nflags\t: avx2 avx512f\n\nmodel name\t: B\n", "A, AVX-512"),
        ("model name\t: Old: 1\nflags\t: fpu sse2\n", "Old: 1"),
        ("processor\t: 0\nFeatures\t: fp asimd sve\n", "aarch64, SVE"),
        (None, "aarch64"),
    ],
)
def test_environment_names_the_processor_and_its_vectors(tmp_path, monkeypatch, facts, expected):
    path = tmp_path / "cpuinfo"
    if facts is not None:
        path.write_text(facts)
    monkeypatch.setattr(environment, "CPU_FACTS", path)
    monkeypatch.setattr(environment.platform, "processor", lambda: "")
    monkeypatch.setattr(environment.platform, "machine", lambda: "aarch64")
    assert describe_processor() == expected
    assert describe_environment()["processor"] == expected
