"""What a record says about the machine."""

from unittest import mock

import tensorflow as tf

from memgan_tf.training.environment import describe_environment


def test_environment_names_the_gpus_and_has_no_such_field_without_them():
    assert "gpus" not in describe_environment()
    gpus = [tf.config.PhysicalDevice(f"/physical_device:GPU:{n}", "GPU") for n in range(2)]
    details = [{"device_name": "NVIDIA H200"}, {}]
    with (
        mock.patch.object(tf.config, "list_physical_devices", return_value=gpus) as listed,
        mock.patch.object(tf.config.experimental, "get_device_details", side_effect=details),
    ):
        environment = describe_environment()
    listed.assert_called_once_with("GPU")
    # A card without a name of its own has TensorFlow's.
    assert environment["gpus"] == ["NVIDIA H200", "/physical_device:GPU:1"]
