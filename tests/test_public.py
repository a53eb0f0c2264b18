"""What a person and an editor see of the package."""

import ast
import inspect
import pathlib
import pydoc
import subprocess
import sys

import pytest

import memgan_tf
from memgan_tf import estimator
from memgan_tf.config import DETECTORS

ROOT = pathlib.Path(memgan_tf.__file__).parent


def test_importing_and_listing_the_package_imports_no_tensorflow():
    code = (
        "import sys, memgan_tf; dir(memgan_tf); memgan_tf.configure, memgan_tf.train;"
        "memgan_tf.configure('digits', normal_class=0);"
        "assert not {'tensorflow', 'keras', 'sklearn'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_dir_has_every_public_name():
    assert set(memgan_tf.__all__) <= set(dir(memgan_tf))
    assert {"MemganDetector", "KdeDetector", "PatchMemoryDetector"} <= set(dir(estimator))
    assert len([name for name in dir(estimator) if name.endswith("Detector")]) > len(DETECTORS)


def test_a_misspelled_name_is_understood():
    with pytest.raises(AttributeError, match=r"Did you mean MemganDetector\?"):
        _ = memgan_tf.MemganDetektor


@pytest.mark.parametrize("name", memgan_tf.__all__)
def test_every_public_name_is_there_and_explained(name):
    found = getattr(memgan_tf, name)
    if name != "__version__":
        assert inspect.getdoc(found)
        assert name in memgan_tf.__doc__


def test_help_shows_what_there_is_to_call():
    text = pydoc.render_doc(memgan_tf, renderer=pydoc.plaintext)
    for name in ("configure(dataset", "train(dataset", "load(run", "class Run", "score_files("):
        assert name in text, name


def test_there_is_no_such_name():
    with pytest.raises(AttributeError, match="has no attribute 'trian'"):
        memgan_tf.trian  # noqa: B018


def test_an_editor_finds_each_name_where_python_does():
    tree = ast.parse((ROOT / "__init__.py").read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.name: line.module for line in block.body for alias in line.names}
    assert seen == memgan_tf._PUBLIC
    assert {*seen, "__version__"} == {*memgan_tf.__all__}
    assert (ROOT / "py.typed").exists()


@pytest.mark.parametrize("name", ["configure", "train", "load", "Run", "TrainedRun"])
def test_the_public_interface_has_types(name):
    found = getattr(memgan_tf, name)
    functions = [found] if inspect.isfunction(found) else dict(vars(found)).values()
    for function in functions:
        if inspect.isfunction(function) and not function.__name__.startswith("_"):
            hints = inspect.signature(function)
            assert hints.return_annotation is not inspect.Signature.empty, function
            for parameter in list(hints.parameters.values()):
                typed = parameter.annotation is not inspect.Parameter.empty
                assert typed or parameter.name == "self", (function, parameter)
