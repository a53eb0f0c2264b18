import pytest

from memgan_tf import files
from memgan_tf.source_digest import source_digest
from memgan_tf.training.code_versions import sources_of
from memgan_tf.training.run_directory import RunDirectory


@pytest.fixture
def run(tmp_path, tiny_config):
    run = RunDirectory(tmp_path / "run")
    with run.claimed(tiny_config()):
        run.mark_complete({"training_seconds": 1.0})
    return run


def test_one_code_is_named_once(run):
    assert sources_of(run) == [source_digest()]


def test_code_that_only_started_a_run_is_named_too(run):
    path = run.path / "environment.json"
    files.write_json(path, {**files.read_json(path), "source": "a" * 16})
    assert sources_of(run) == ["a" * 16, source_digest()]


def test_a_run_of_older_code_is_of_unknown_code(run):
    for name in ("environment.json", "COMPLETE"):
        older = files.read_json(run.path / name)
        del older["source"]
        files.write_json(run.path / name, older)
    assert sources_of(run) == [None, source_digest()]


def test_a_damaged_environment_is_named(run):
    (run.path / "environment.json").write_text("[1]")
    with pytest.raises(ValueError, match=r"environment\.json is damaged"):
        sources_of(run)
