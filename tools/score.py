"""Scores images with a finished run, or with a server that runs its export."""

import pathlib
import sys

from absl import flags

from memgan_tf.data.inputs import check_input
from memgan_tf.serving.address import ServerAddress
from memgan_tf.serving.retries import RetryPolicy
from memgan_tf.tools.command import Command, import_tensorflow, run_as_script
from memgan_tf.tools.serve_check import define_server_flags
from memgan_tf.training.run_directory import RunDirectory
from memgan_tf.validation import check_integer

DESCRIPTION = """Scores images with a finished run, or a server: higher is more anomalous.

memgan score --run=runs/memgan/mnist/2/seed_0 --input=photos --output=scores.csv
memgan score --server=rest://localhost:8501/twos --input=photos --output=scores.csv

The input is an image (PNG, JPEG, GIF, BMP), a folder with images at any depth, or an npz file
with an array images. Files of another size are scaled to the run's. The output has the columns
path, label (empty), anomaly_score, p_value and is_anomaly."""


def define_flags(flag_values):
    """Defines this verb's flags."""
    options = {"flag_values": flag_values}
    flags.DEFINE_string("run", None, "Folder of the run.", **options)
    flags.DEFINE_string("input", None, "Image, folder or npz file.", **options)
    flags.DEFINE_string("output", None, "CSV file to write.", **options)
    define_server_flags(flag_values)
    flags.DEFINE_integer("batch_size", 64, "Images a request to the server.", **options)


def run(flag_values):
    """Checks the paths, then scores."""
    if (flag_values.run is None) == (flag_values.server is None):
        raise ValueError("`run` or `server` must be given, and not both")
    if flag_values.run is not None:
        RunDirectory(flag_values.run).read_config()
    check_input(flag_values.input)
    folder = pathlib.Path(flag_values.output).absolute().parent
    if not folder.is_dir():
        raise ValueError(f"`output` must be in a folder that exists; {folder} does not")
    if flag_values.run is not None:
        score_input(flag_values.run, flag_values.input, flag_values.output)
        return
    address = ServerAddress.parse(flag_values.server)
    retries = RetryPolicy(flag_values.attempts, flag_values.timeout)
    batch_size = check_integer("batch_size", flag_values.batch_size, 1)
    score_on_server(address, retries, batch_size, flag_values.input, flag_values.output)


def score_input(path, source, output):
    """Scores `source` with the run at `path`, writes `output`, prints a summary."""
    import_tensorflow()
    from memgan_tf.data.inputs import read_input
    from memgan_tf.evaluation.scores import write_scores
    from memgan_tf.evaluation.trained_run import TrainedRun

    trained = TrainedRun(path)
    given = read_input(source, trained.config.image_shape)
    scores = trained.score(given.images)
    write_scores(output, given.names, None, scores, trained.calibration)
    _summarize(given, scores > trained.threshold, trained.threshold, output)


def score_on_server(address, retries, batch_size, source, output):
    """Does what `score_input` does, with a server's scores and decisions."""
    import_tensorflow()
    from memgan_tf.data.inputs import read_input
    from memgan_tf.evaluation.scores import write_decisions
    from memgan_tf.serving.client import make_client
    from memgan_tf.serving.scoring import score_images

    with make_client(address, retries) as client:
        given = read_input(source, client.image_shape())
        answers = score_images(client, given.images, batch_size)
    decisions = (answers["anomaly_score"], answers["p_value"], answers["is_anomaly"])
    write_decisions(output, given.names, None, *decisions)
    _summarize(given, answers["is_anomaly"], answers["threshold"][0], output)


def _summarize(given, flagged, threshold, output):
    for name, reason in given.skipped:
        print(f"Left out {name}: {reason}", file=sys.stderr)
    print(
        f"{len(flagged)} images scored, {len(given.skipped)} left out; {int(flagged.sum())} above "
        f"the threshold {threshold:.6g}: {output}"
    )


COMMAND = Command("score", DESCRIPTION, define_flags, run, required=("input", "output"))

if __name__ == "__main__":
    run_as_script(COMMAND)
