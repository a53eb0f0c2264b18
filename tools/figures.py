"""Draws the paper's figures from finished runs."""

from absl import flags

from memgan_tf import outputs
from memgan_tf.tools.command import Command, import_tensorflow, run_as_script
from memgan_tf.tools.data_flags import define_data_flags
from memgan_tf.validation import check_choice, check_integer

DESCRIPTION = """Draws the paper's figures 1 to 4 as SVG and PNG.

memgan figures --figure=1,3 --run='runs/*/mnist/*/seed_0' --output=figures

1: decoded memory units of MEMGAN and MemAE; needs a run of each for a task.
2: Eq. 9 solved for points in the plane; needs no run.
3: t-SNE of units, normal and abnormal codes; needs runs of MEMGAN.
4: without and with the projection loss; needs runs of MEMGAN, one with --projection_weight=0.
With several seeds of a task, the lowest is drawn. The same runs and --seed give the same files."""
FIGURES = ("1", "2", "3", "4")


def define_flags(flag_values):
    """Defines this verb's flags."""
    options = {"flag_values": flag_values}
    flags.DEFINE_list("figure", list(FIGURES), "Numbers of figures, such as 1,3.", **options)
    flags.DEFINE_list("run", [], "Folders of runs, or patterns in quotes.", **options)
    flags.DEFINE_string("output", None, "Folder for the pictures.", **options)
    flags.DEFINE_integer("seed", 0, "Seed of random choices.", **options)
    define_data_flags(flag_values)


def run(flag_values):
    """Checks the runs, then draws."""
    from memgan_tf.reproduction import figures_runs

    wanted = [check_choice("figure", figure, FIGURES) for figure in flag_values.figure]
    seed = check_integer("seed", flag_values.seed, minimum=0, maximum=2**32 - 1)
    runs = figures_runs.find_runs(flag_values.run)
    chosen = {
        "1": lambda: figures_runs.memory_pairs(runs),
        "2": lambda: None,
        "3": lambda: list(figures_runs.code_runs(runs, 3).values()),
        "4": lambda: figures_runs.ablation_pairs(runs),
    }
    needed = {figure: chosen[figure]() for figure in dict.fromkeys(wanted)}
    output = outputs.make_folder(flag_values.output, "output")
    import_tensorflow()
    draw = Artist(output, seed, flag_values.data_dir, flag_values.dataset)
    for figure, inputs in needed.items():
        getattr(draw, f"figure_{figure}")(inputs)


class Artist:
    """Loads the content of a figure, draws it, writes it and prints its path.

    Args:
        output: Folder for the figures.
        seed: Seed of random choices.
        data_dir: Folder of the data set, if it has moved.
        dataset: Name of the data set, if it has moved.
    """

    def __init__(self, output, seed, data_dir, dataset):
        self._output, self._seed, self._data = output, seed, (data_dir, dataset)

    def figure_1(self, pairs):
        """Decoded units of `(MEMGAN, MemAE)` runs."""
        from memgan_tf.reproduction.figures_units import draw_units

        rows = []
        for pair in pairs:
            runs = [_load(directory) for directory in pair]
            units = [run.detector.decode_units() for run in runs]
            rows.append((_task_name(runs[0].config), *units))
        self._save(draw_units(rows, self._seed), "figure_1")

    def figure_2(self, _):
        """Eq. 9 for points in the plane."""
        from memgan_tf.reproduction.figures_vertices import draw_vertices

        self._save(draw_vertices(self._seed), "figure_2")

    def figure_3(self, runs):
        """t-SNE of runs."""
        from memgan_tf.reproduction.figures_codes import draw_codes

        self._save(draw_codes([self._code_space(run) for run in runs], self._seed), "figure_3")

    def figure_4(self, pairs):
        """`(without, with)` projection loss, one file per task."""
        from memgan_tf.reproduction.figures_codes import draw_ablation

        for pair in pairs:
            without, with_loss = (self._code_space(run) for run in pair)
            data = pair[0].read_config().data
            name = "_".join(["figure_4", *_words(data)])
            self._save(draw_ablation(without, with_loss, self._seed), name)

    def _code_space(self, directory):
        from memgan_tf.reproduction.figures_codes import CodeSpace

        trained = _load(directory)
        name = f"{_task_name(trained.config)}, seed {trained.config.training.seed}"
        return CodeSpace.of(name, trained, trained.load_task(*self._data), self._seed)

    def _save(self, figure, name):
        from memgan_tf.reproduction.figures import save_figure

        print(" ".join(map(str, save_figure(figure, self._output / name))))


def _load(directory):
    from memgan_tf.evaluation.trained_run import TrainedRun

    return TrainedRun.load(directory.path)


def _task_name(config):
    return " ".join(_words(config.data))


def _words(data):
    from memgan_tf.data import directory_name

    normal_class = [] if data.normal_class is None else [str(data.normal_class)]
    return [directory_name(data.dataset), *normal_class]


COMMAND = Command("figures", DESCRIPTION, define_flags, run, required=("output",))

if __name__ == "__main__":
    run_as_script(COMMAND)
