"""Images that a user wants scored."""

from memgan_tf.data.inputs import read_input
from tests.data.folder_files import put


def test_hidden_files_are_not_scored_and_listed(tmp_path):
    put(tmp_path / "1.png")
    put(tmp_path / "._1.png")
    put(tmp_path / ".ipynb_checkpoints" / "1-checkpoint.png")
    (tmp_path / ".DS_Store").write_text("")
    given = read_input(str(tmp_path), (8, 8, 1))
    assert given.names == [str(tmp_path / "1.png")]
    assert sorted(name for name, _ in given.skipped) == [
        str(tmp_path / "._1.png"),
        str(tmp_path / ".ipynb_checkpoints"),
    ]
