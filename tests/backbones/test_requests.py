"""What is checked of a request before TensorFlow is imported."""

import subprocess
import sys

import pytest

from memgan_tf.backbones.requests import check_request


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("mobilenet_v3", None, None), "did you mean mobilenet_v2"),
        (("EfficientNet-B0", None, None), "did you mean efficientnet_b0"),
        (("model.keras", None, None), "did you mean file:model.keras?"),
        (("", None, None), "must be one of"),
        ((3, None, None), "must be a name"),
        (("hub:", None, None), "must name a preset"),
        (("file:", None, None), "existing file"),
        (("file:absent.keras", None, None), "existing file"),
        (("mobilenet_v2", "a,,b", None), "`backbone_layers`"),
        (("mobilenet_v2", "a, a", None), "`backbone_layers`"),
        (("mobilenet_v2", None, "absent.h5"), "existing file"),
    ],
)
def test_refused(arguments, part, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"^[^\n]*$") as caught:
        check_request(*arguments)
    assert part in str(caught.value)


def test_nearest_file(tmp_path):
    (tmp_path / "parts.keras").touch()
    with pytest.raises(ValueError, match=r"there is parts\.keras"):
        check_request(f"file:{tmp_path / 'part.keras'}", None, None)


def test_wrong_endings(tmp_path):
    model, weights = tmp_path / "model.h5", tmp_path / "weights.txt"
    model.touch()
    weights.touch()
    with pytest.raises(ValueError, match=r"ends in \.keras\. Save the whole model"):
        check_request(f"file:{model}", None, None)
    with pytest.raises(ValueError, match=r"ends in \.keras or \.h5"):
        check_request("resnet50", None, str(weights))


def test_a_file_has_its_own_weights(tmp_path):
    path = tmp_path / "model.keras"
    path.touch()
    with pytest.raises(ValueError, match="must be left out with file:"):
        check_request(f"file:{path}", None, str(path))


def test_good_requests(tmp_path):
    path = tmp_path / "model.keras"
    path.touch()
    check_request("efficientnet_b0", None, None)
    check_request("efficientnet_b0", "block3b_add, block5c_add", "random")
    check_request(f"file:{path}", "", None)
    check_request("hub:efficientnet_lite0_ra_imagenet", None, str(path))


def test_without_tensorflow():
    code = (
        "import sys; from memgan_tf.backbones.requests import check_request; "
        "check_request('resnet50', None, None); "
        "print('tensorflow' in sys.modules, 'keras' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False", "False"]
