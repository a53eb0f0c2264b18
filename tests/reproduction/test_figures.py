import numpy as np
import pytest
from matplotlib.image import imread

from memgan_tf import files
from memgan_tf.config import resolve
from memgan_tf.reproduction import figures_vertices
from memgan_tf.reproduction.figures import choose, save_figure
from memgan_tf.reproduction.figures_codes import CodeSpace, draw_ablation, draw_codes
from memgan_tf.reproduction.figures_runs import ablation_pairs, code_runs, find_runs, memory_pairs
from memgan_tf.reproduction.figures_units import UNITS_SHOWN, draw_units
from memgan_tf.tools import main
from memgan_tf.training.run_directory import RunDirectory


@pytest.fixture
def make_run(tmp_path):
    """Writes the folder of a finished run, without its weights."""

    def make(detector="memgan", normal_class=0, seed=0, folder="runs", complete=True, **overrides):
        values = {"dataset": "digits", "normal_class": normal_class, "seed": seed, **overrides}
        config = resolve(detector, "default", (8, 8, 1), values)
        run = RunDirectory.of(str(tmp_path / folder), config)
        run.path.mkdir(parents=True)
        files.write_json(run.path / "config.json", config.to_dict())
        if complete:
            run.mark_complete({})
        return run

    return make


def paths(pairs):
    return [tuple(run.path for run in pair) for pair in pairs]


def test_runs_are_found_by_folder_and_by_pattern(make_run, tmp_path):
    first, second = make_run(normal_class=0), make_run(normal_class=1)
    make_run(normal_class=2, complete=False)
    pattern = str(tmp_path / "runs/memgan/digits/*/seed_0")
    assert [run.path for run in find_runs([pattern])] == [first.path, second.path]
    found = find_runs([str(second.path), pattern])
    assert [run.path for run in found] == [second.path, first.path]  # each once


def test_runs_that_cannot_be_used_are_named(make_run, tmp_path):
    unfinished = make_run(complete=False)
    with pytest.raises(ValueError, match=r"seed_0 is not COMPLETE"):
        find_runs([str(unfinished.path)])
    with pytest.raises(ValueError, match="must match finished runs"):
        find_runs([str(tmp_path / "runs/*/*/*/seed_0")])
    with pytest.raises(ValueError, match="has no config.json"):
        find_runs([str(tmp_path / "nowhere")])


def test_figure_1_pairs_the_lowest_seeds_of_each_task(make_run):
    memgan = [make_run(normal_class=c, seed=s) for c, s in ((1, 2), (1, 1), (0, 0))]
    memae = [make_run("memae", normal_class=c) for c in (0, 1, 2)]
    expected = [(memgan[2].path, memae[0].path), (memgan[1].path, memae[1].path)]
    assert paths(memory_pairs([*memae, *memgan])) == expected


def test_figure_1_says_which_memae_run_is_missing(make_run):
    runs = [make_run(normal_class=3), make_run("memae", normal_class=4)]
    command = "memgan train --detector=memae --dataset=digits --normal_class=3 --seed=0"
    with pytest.raises(ValueError, match=command):
        memory_pairs(runs)


def test_figure_3_needs_memgan(make_run):
    with pytest.raises(ValueError, match="must have a MEMGAN run for figure 3"):
        code_runs([make_run("memae")], 3)


def test_figure_4_pairs_without_and_with(make_run):
    with_loss = make_run()
    without = make_run(folder="ablated", projection_weight=0.0)
    assert paths(ablation_pairs([with_loss, without])) == [(without.path, with_loss.path)]


def test_figure_4_says_what_is_missing_or_differs(make_run):
    with_loss = make_run(seed=1)
    with pytest.raises(ValueError, match="--seed=1 --projection_weight=0"):
        ablation_pairs([with_loss])
    other = make_run(seed=1, folder="ablated", projection_weight=0.0, num_units=7)
    with pytest.raises(ValueError, match="num_units is 7 there"):
        ablation_pairs([with_loss, other])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "`output` must be given"),
        (["--output=o", "--figure=5"], "`figure` must be one of 1, 2, 3, 4"),
        (["--output=o", "--figure=1"], "--detector=memgan"),
        (["--output=o", "--figure=3", "--run=nowhere"], "nowhere has no config.json"),
        (["--output=o", "--figure=2", "--seed=-1"], "`seed` must be at least 0"),
    ],
)
def test_mistakes_in_one_line(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main.main(["figures", *arguments]) == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert message in line
    assert not list(tmp_path.iterdir())


def test_eq_9_puts_the_units_at_the_vertices():
    """The corners of [-1, 1]², from starts in its middle."""
    points = figures_vertices.polygon_points(4, seed=0, num_points=60)
    np.testing.assert_allclose(np.abs(points[:4]), 1.0, rtol=1e-12)
    assert np.abs(points).max() <= 1 + 1e-12
    found = figures_vertices.solve(points, num_units=4, seed=0, num_steps=200)
    assert np.abs(found.starts).max() < 0.6
    np.testing.assert_allclose(np.abs(found.units), 1.0, atol=0.02)
    assert len({tuple(np.sign(unit)) for unit in found.units}) == 4  # a corner each
    assert found.miss < 0.03
    assert found.objective < 0.01


def test_choose_is_a_function_of_the_seed():
    assert choose(3, 5, seed=0).tolist() == [0, 1, 2]
    assert choose(50, 8, seed=1).tolist() == choose(50, 8, seed=1).tolist()
    assert choose(50, 8, seed=1).tolist() != choose(50, 8, seed=2).tolist()
    assert len(set(choose(50, 8, seed=1))) == 8


def code_space(seed):
    generator = np.random.default_rng(seed)
    return CodeSpace(
        f"space {seed}",
        units=3 * generator.normal(size=(6, 4)),
        normal=generator.normal(size=(30, 4)),
        abnormal=2 + generator.normal(size=(30, 4)),
    )


def decoded(seed, count, shape=(8, 8, 1)):
    return np.random.default_rng(seed).random((count, *shape), dtype=np.float32)


FIGURES = {
    "units": lambda: draw_units([("a", decoded(0, 12), decoded(1, 3))] * 2, seed=0),
    "colour": lambda: draw_units([("a", decoded(0, 9, (8, 8, 3)), decoded(1, 9))], seed=0),
    "codes": lambda: draw_codes([code_space(seed) for seed in range(2)], seed=0),
    "ablation": lambda: draw_ablation(code_space(0), code_space(1), seed=0),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_the_same_files_twice(name, tmp_path):
    first, second = (save_figure(FIGURES[name](), tmp_path / stem) for stem in ("a", "b"))
    assert [path.suffix for path in first] == [".svg", ".png"]
    for once, again in zip(first, second, strict=True):
        assert once.read_bytes() == again.read_bytes()
    assert imread(first[1])[..., :3].std() > 0.01
    assert first[0].read_text().startswith("<?xml")


def test_figure_1_shows_eight_units_of_each_method():
    figure = FIGURES["units"]()
    shown = [axes for axes in figure.axes if axes.images]
    assert len(shown) == 2 * (UNITS_SHOWN + 3)


def test_figure_4_shows_the_measured_distances():
    """One bar a code: a histogram of densities has area 1."""
    figure = FIGURES["ablation"]()
    for axes in (figure.axes[2], figure.axes[5]):
        areas = [
            sum(bar.get_width() * bar.get_height() for bar in bars) for bars in axes.containers
        ]
        np.testing.assert_allclose(areas, 1.0, rtol=1e-6)
