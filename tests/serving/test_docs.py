"""The commands of docs/serving.md run, in order, against the test doubles."""

import pathlib
import re
import shlex
import shutil

import tensorflow as tf

from memgan_tf.tools import main

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "serving.md"
FOLDER = PAGE.parents[1] / "tools" / "serving"


def test_the_commands_run(exported, ports, servable, pixels, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(exported.run, tmp_path / "runs" / "memgan" / "digits" / "0" / "seed_0")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.png").write_bytes(tf.io.encode_png(pixels(1)[0]).numpy())
    text = PAGE.read_text()
    for protocol, default in (("rest", 8501), ("grpc", 8500)):
        text = text.replace(
            f"{protocol}://localhost:{default}", f"{protocol}://127.0.0.1:{ports[protocol]}"
        )
    (block,) = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    verbs = []
    for line in block.splitlines():
        words = shlex.split(line)
        assert main.main(words[1:]) == 0, capsys.readouterr().err
        verbs.append(words[1])
    assert verbs == ["export", "serve-check", "score"]
    assert servable.requests > 0
    assert (tmp_path / "scores.csv").read_text().startswith("path,label,anomaly_score")


def test_every_file_of_the_operator_is_on_the_page():
    page = PAGE.read_text()
    assert {path.name for path in FOLDER.iterdir()} == set(
        re.findall(r"^\| `([\w.]+\.(?:config|yaml))`", page, re.MULTILINE)
    )
