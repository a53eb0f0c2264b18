import json
import os

import pytest

from memgan_tf.config import resolve
from memgan_tf.training.run_directory import RunDirectory


def test_path(tiny_config):
    run = RunDirectory.of("runs", tiny_config(seed=4, normal_class=3))
    assert str(run.path) == "runs/memgan/digits/3/seed_4"


def test_a_claimed_run_records_configuration_and_environment(tmp_path, tiny_config):
    run, config = RunDirectory(tmp_path / "run"), tiny_config()
    with run.claimed(config):
        assert run.read_config() == config
    environment = json.loads((run.path / "environment.json").read_text())
    assert {"tensorflow", "keras", "numpy", "python", "memgan_tf"} <= environment.keys()


def test_another_configurations_run_is_never_touched(tmp_path, tiny_config):
    run = RunDirectory(tmp_path / "run")
    with run.claimed(tiny_config()):
        pass
    with (
        pytest.raises(ValueError, match="run: batch_size is [0-9]+ there and 3"),
        run.claimed(tiny_config(batch_size=3)),
    ):
        pass
    assert run.read_config() == tiny_config()


def test_a_run_that_never_trained_may_be_removed(tmp_path, tiny_config):
    """As where the weights of a backbone were missing at the first try."""
    run = RunDirectory(tmp_path / "run")
    refused = pytest.raises(ValueError, match=r"here\. Name another --model_dir")
    with run.claimed(tiny_config()), refused:
        run.check_free_for(tiny_config(batch_size=3))
    with pytest.raises(ValueError, match="Never trained: remove it, or name another"):
        run.check_free_for(tiny_config(batch_size=3))
    run.checkpoints.mkdir()
    with pytest.raises(ValueError, match=r"here\. Name another --model_dir"):
        run.check_free_for(tiny_config(batch_size=3))


def test_settings_that_change_nothing_may_change(tmp_path, tiny_config):
    run = RunDirectory(tmp_path / "run")
    with run.claimed(tiny_config()):
        pass
    with run.claimed(tiny_config(steps_per_call=7, keep_checkpoints=9)):
        pass


def test_a_folder_with_other_files_is_refused(tmp_path, tiny_config):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(ValueError, match="holds files but no run"):
        RunDirectory(tmp_path).check_free_for(tiny_config())
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"detector": "memgan"}'])
def test_a_damaged_configuration_is_named(content, tmp_path, tiny_config):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(ValueError, match="config.json is not a run's configuration"):
        RunDirectory(tmp_path).check_free_for(tiny_config())


def test_a_file_in_the_way(tmp_path, tiny_config):
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(ValueError, match="`model_dir` must be writable"):
        RunDirectory.of(str(tmp_path / "runs"), tiny_config()).check_free_for(tiny_config())


def test_an_unwritable_folder(tmp_path, tiny_config, monkeypatch):
    # The superuser may write anywhere, so the system's answer is set by hand.
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(ValueError, match="`model_dir` must be writable"):
        RunDirectory.of(str(tmp_path), tiny_config()).check_free_for(tiny_config())


@pytest.mark.parametrize("name", ["a [1]", "a\\b", "\udcff"])
def test_deep_detectors_are_kept_where_tensorflow_reads(name, tmp_path, tiny_config):
    with pytest.raises(ValueError, match="`model_dir` must be a path that TensorFlow can read"):
        RunDirectory.of(tmp_path / name, tiny_config()).check_free_for(tiny_config())
    shallow = resolve("pca", "default", (8, 8, 1), {"dataset": "digits", "normal_class": 0})
    RunDirectory.of(tmp_path / name, shallow).check_free_for(shallow)


def test_two_owners(tmp_path, tiny_config):
    run = RunDirectory(tmp_path / "run")
    with (
        run.claimed(tiny_config()),
        pytest.raises(RuntimeError, match="in use by another process"),
        RunDirectory(tmp_path / "run").claimed(tiny_config()),
    ):
        pass
    with run.claimed(tiny_config()):
        pass


def test_a_changed_environment_is_named(tmp_path, tiny_config, capsys, monkeypatch):
    run = RunDirectory(tmp_path / "run")
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "1")
    with run.claimed(tiny_config()):
        pass
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "2")
    with run.claimed(tiny_config()):
        pass
    assert capsys.readouterr().err == (
        "Warning: the run resumes in another environment, so its result may differ in its last "
        "bits: TF_NUM_INTRAOP_THREADS was '1' and is '2'\n"
    )


def test_temporaries_are_swept(tmp_path, tiny_config):
    run = RunDirectory(tmp_path / "run")
    with run.claimed(tiny_config()):
        pass
    (run.path / ".tmp-half.json").write_text("{")
    with run.claimed(tiny_config()):
        assert not (run.path / ".tmp-half.json").exists()


def test_suspicions_come_and_go(tmp_path, tiny_config):
    run = RunDirectory(tmp_path)
    run.mark_suspect(["one unit", "constant scores"])
    assert run.suspicions == ["one unit", "constant scores"]
    run.mark_suspect([])
    assert run.suspicions == []


def test_the_fingerprint_follows_what_decides(tiny_config):
    assert tiny_config().fingerprint() == tiny_config(data_dir="elsewhere").fingerprint()
    assert tiny_config().fingerprint() != tiny_config(epochs=3).fingerprint()


def test_a_configuration_changed_after_training_is_noticed(tmp_path, tiny_config):
    run = RunDirectory(tmp_path / "run")
    with run.claimed(tiny_config()):
        run.mark_complete({"training_seconds": 1.5})
    assert run.read_completion()["training_seconds"] == 1.5
    path = run.path / "config.json"
    path.write_text(path.read_text().replace('"latent_dim": 6', '"latent_dim": 7'))
    with pytest.raises(ValueError, match="is not the one that the run was trained with"):
        run.read_completion()
    (run.path / "COMPLETE").write_text("[]")
    with pytest.raises(ValueError, match="COMPLETE is damaged"):
        run.read_completion()


@pytest.mark.parametrize("name", [".lock", "metrics.csv", "checkpoints", "eval", "eval/scores.csv"])
@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_nothing_but_files_and_folders_is_in_a_run(name, kind, tmp_path, tiny_config):
    run, victim = RunDirectory(tmp_path / "run"), tmp_path / "victim_temp"
    victim.write_text("precious")
    with run.claimed(tiny_config()):
        pass
    path = run.path / name
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(victim if path.suffix or name == ".lock" else tmp_path)
    for use in (run.read_config, lambda: run.check_free_for(tiny_config())):
        with pytest.raises(ValueError, match=rf"{path.name} is a {kind}; a run holds files"):
            use()
    with pytest.raises(ValueError, match=f"is a {kind}"), run.claimed(tiny_config()):
        pass
    assert victim.read_text() == "precious"


def test_a_run_may_be_reached_by_a_link(tmp_path, tiny_config):
    with RunDirectory(tmp_path / "run").claimed(tiny_config()):
        pass
    (tmp_path / "link").symlink_to("run")
    assert RunDirectory(tmp_path / "link").read_config() == tiny_config()


def test_a_run_is_waited_for_until_nobody_owns_it(tmp_path, tiny_config):
    run, asked = RunDirectory(tmp_path / "run"), []
    assert not run.is_locked
    with run.claimed(tiny_config()):
        assert run.is_locked
        run.wait_until_free(lambda: asked.append(1) or len(asked) == 3, pause=0.0)
    assert len(asked) == 3
    assert not run.is_locked
    run.wait_until_free(lambda: False)


def test_what_is_said_of_a_run_is_printable(tmp_path, tiny_config):
    run = RunDirectory(tmp_path / "run")
    with run.claimed(tiny_config()):
        run.mark_suspect(["odd \x1b[2J"])
    assert run.suspicions == ["odd \\x1b[2J"]
