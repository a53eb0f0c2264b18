"""The commands of docs/app.md run, and memgan app says in a line what it cannot do."""

import pathlib
import re
import shlex
import shutil
import socket

import pytest
import uvicorn

from memgan_tf.tools import main
from tests.app.conftest import photograph

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "app.md"


@pytest.fixture
def run(exported, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return shutil.copytree(exported.run, tmp_path / "runs/patch_memory/folder_parts/all/seed_0")


def test_the_commands_of_the_page_run(run, servable, ports, tmp_path, monkeypatch, capsys):
    """Each serves the page until it is stopped; here it is stopped at once."""
    served = []
    monkeypatch.setattr(uvicorn.Server, "run", lambda server, sockets: served.append(sockets))
    (tmp_path / "new_photos").mkdir()
    (tmp_path / "new_photos" / "a.png").write_bytes(photograph(9))
    text = PAGE.read_text().replace(
        "rest://localhost:8501/parts", f"rest://127.0.0.1:{ports['rest']}/zeros"
    )
    lines = re.findall(r"^memgan app .*$", text, re.MULTILINE)
    assert len(lines) == 3
    for line in lines:
        assert main.main([*shlex.split(line)[1:], "--port=0"]) == 0, capsys.readouterr().err
    assert len(served) == 3
    output = capsys.readouterr().out
    assert (
        len(re.findall(r"^Open http://127\.0\.0\.1:\d+/\?token=\S{43}$", output, re.MULTILINE)) == 3
    )
    assert len(set(re.findall(r"token=(\S+)", output))) == 3
    beside = pathlib.Path("runs/patch_memory/folder_parts/all/inspection_seed_0")
    assert f"Decisions: {beside / 'decisions.csv'}." in output
    assert beside.is_dir()
    assert (tmp_path / "inspection").is_dir()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ([], "`run` or `server` must be given"),
        (["--run=R", "--server=rest://a/b"], "`run` or `server` must be given"),
        (["--run=nowhere"], "`run` must be a folder that memgan train made"),
        (["--server=rest://a/b"], "`decisions` must name a folder with --server"),
        (["--server=a", "--decisions=d"], "`server` must be rest://host"),
        (["--run=R", "--decisions=file"], "`decisions` must name a folder, and file is a file"),
        (["--run=R", "--watch=nowhere"], "`watch` must name an existing folder"),
        (["--run=R", "--port=99999"], "`port` must be"),
        (["--run=R", "--port=TAKEN"], "`port` must be free on 127.0.0.1"),
    ],
)
def test_a_mistake_is_one_line(run, tmp_path, capsys, flags, message):
    (tmp_path / "file").write_text("")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        named = [f.replace("=R", f"={run}").replace("TAKEN", str(port)) for f in flags]
        assert main.main(["app", *named]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "inspection_seed_0").exists()
