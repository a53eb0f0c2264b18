"""Scores images with a finished run, its LiteRT file, or a server that runs its export."""

import pathlib
import sys

from absl import flags

from memgan_tf import files, outputs
from memgan_tf.data.folders.look import one_look
from memgan_tf.data.folders.walk import shown
from memgan_tf.data.inputs import check_input
from memgan_tf.report.heatmap_folder import check_folder
from memgan_tf.serving.address import ServerAddress
from memgan_tf.serving.retries import RetryPolicy
from memgan_tf.text import counted
from memgan_tf.tools.beam_score import define_beam_flags, run_beam
from memgan_tf.tools.command import Command, import_tensorflow, run_as_script
from memgan_tf.tools.serve_check import define_fitting_flags, define_server_flags
from memgan_tf.training.run_directory import RunDirectory
from memgan_tf.validation import check_integer, check_real

DESCRIPTION = """Scores images with a finished run or a server; higher is more anomalous.

memgan score --run=runs/memgan/mnist/2/seed_0 --input=photos --output=scores.csv
memgan score --server=rest://localhost:8501/twos --input=photos --output=scores.csv
memgan score --model=saved_models/twos/1/model.tflite --input=photos --output=scores.csv

The input is an image (PNG, JPEG, BMP, GIF, WebP, TIFF), a folder with images at any depth, or an
npz file with an array images. Files of another size are scaled like the run's own; for a server,
--image_fit says how. The output has the columns path, label (empty), anomaly_score, p_value and
is_anomaly; for photographs also region, the box x0,y0,x1,y1 of the largest predicted region of an
image that is called an anomaly, in the photograph's own pixels, and region_area.

--fdr=0.1 decides for the whole input: on average, at most a tenth of the images called anomalies is
normal. --monitor tests whether the scores still match those of the calibration images.
--heatmaps=<folder> writes maps of where each image is anomalous, in the run's color scale.

--runner=beam scores millions of images on many machines with Apache Beam; see docs/scale.md."""


def define_flags(flag_values):
    """Defines this verb's flags."""
    options = {"flag_values": flag_values}
    flags.DEFINE_string("run", None, "Folder of the run.", **options)
    flags.DEFINE_string(
        "model",
        None,
        "In place of --run: a .tflite file of memgan export --format=litert.",
        **options,
    )
    flags.DEFINE_string("input", None, "Image, folder or npz file.", **options)
    flags.DEFINE_string("output", None, "CSV file to write.", **options)
    define_fitting_flags(flag_values)
    flags.DEFINE_float(
        "fdr",
        None,
        "Decide for the whole batch: share of false alarms among the alarms (Benjamini-Hochberg). "
        "If absent, the threshold decides for each image.",
        **options,
    )
    flags.DEFINE_bool(
        "monitor",
        False,
        "Compare the scores with the calibration's; writes .monitor.json next to the output.",
        **options,
    )
    flags.DEFINE_string("heatmaps", None, "Folder for heat-maps, highest scores first.", **options)
    flags.DEFINE_integer("max_heatmaps", 100, "Largest number of heat-maps.", **options)
    define_beam_flags(flag_values)
    define_server_flags(flag_values)
    flags.DEFINE_integer("batch_size", 64, "Images per request to the server.", **options)


def run(flag_values):
    """Checks the paths, then scores."""
    if flag_values.runner == "beam":
        run_beam(flag_values)
        return
    with one_look():
        _score(flag_values)


def _score(flag_values):
    fdr = flag_values.fdr
    _check(flag_values)
    if flag_values.run is not None:
        source, output = flag_values.input, flag_values.output
        heatmaps = (flag_values.heatmaps, flag_values.max_heatmaps)
        score_input(flag_values.run, source, output, fdr, flag_values.monitor, *heatmaps)
        return
    if flag_values.model is not None:
        source, output = flag_values.input, flag_values.output
        score_by_file(flag_values.model, source, output, fdr, flag_values.monitor)
        return
    address = ServerAddress.parse(flag_values.server)
    retries = RetryPolicy(flag_values.attempts, flag_values.timeout)
    batch_size = check_integer("batch_size", flag_values.batch_size, 1)
    source, output = flag_values.input, flag_values.output
    reading = {"image_fit": flag_values.image_fit, "bit_depth": flag_values.bit_depth}
    score_on_server(address, retries, batch_size, source, output, fdr, **reading)


def _check(flag_values):
    if flag_values.saved_model is not None:
        raise ValueError("`saved_model` must come with --runner=beam; here, give --run")
    given = [name for name in ("run", "model", "server") if flag_values[name].value is not None]
    if len(given) != 1:
        raise ValueError("one of `run`, `model` and `server` must be given, and not two")
    if flag_values.monitor and given == ["server"]:
        raise ValueError(
            "`monitor` must come with --run or --model: a server does not give its calibration "
            "scores"
        )
    if flag_values.heatmaps is not None:
        if flag_values.run is None:
            raise ValueError("`heatmaps` must come with --run, which has the color scale")
        check_folder(pathlib.Path(flag_values.heatmaps))
        check_integer("max_heatmaps", flag_values.max_heatmaps, 1)
    if flag_values.fdr is not None:
        check_real("fdr", flag_values.fdr, 1e-6, 1.0 - 1e-6)
    if flag_values.run is not None:
        RunDirectory(flag_values.run).read_config()
    if flag_values.model is not None:
        from memgan_tf.export.litert.metadata import read_metadata

        read_metadata(flag_values.model)
    check_input(flag_values.input)
    outputs.check_output(flag_values.output)
    if flag_values.monitor:
        if outputs.is_written_through(flag_values.output):
            raise ValueError(
                "`monitor` writes next to the output, which must be a file. Received: "
                f"output={flag_values.output}"
            )
        outputs.check_output(_monitor_file(flag_values.output), "monitor")


def score_input(path, source, output, fdr=None, monitor=False, heatmaps=None, max_heatmaps=100):
    """Scores `source` with the run at `path`, writes `output`, prints a summary."""
    import_tensorflow(["memgan_tf.evaluation.trained_run"])
    from memgan_tf.data.inputs import read_input
    from memgan_tf.evaluation.predicted_regions import predict_regions
    from memgan_tf.evaluation.scores import write_decisions
    from memgan_tf.evaluation.trained_run import TrainedRun
    from memgan_tf.evaluation.views import Views

    trained = TrainedRun.load(path)
    data, shape = trained.config.data, trained.config.image_shape
    given = read_input(source, shape, data.fit, data.bit_depth)
    scores = trained.score(given.images)
    p_values, flagged = trained.p_values(scores), trained.decide(scores, fdr)
    views = Views(given.images, None, given.originals)
    regions = predict_regions(trained, views, flagged)
    write_decisions(output, given.names, None, scores, p_values, flagged, regions)
    _summarize(given, flagged, trained.threshold, output, fdr)
    if fdr is not None:
        _print_reach(len(scores), trained.known_calibration().attainable_fpr, fdr)
    if monitor:
        _write_drift(trained.monitor(scores), output)
    if heatmaps is not None:
        source = (views, given.names, scores)
        _write_heatmaps(trained, source, pathlib.Path(heatmaps), max_heatmaps)


def score_by_file(path, source, output, fdr=None, monitor=False):
    """Like `score_input`, with a LiteRT file."""
    import_tensorflow()
    from memgan_tf.evaluation import drift
    from memgan_tf.evaluation.scores import write_decisions
    from memgan_tf.export.litert.model import LiteModel
    from memgan_tf.export.litert.scoring import score_source

    with LiteModel(path) as model:
        found, calibration = score_source(model, source, fdr), model.metadata.calibration
    names = found.given.names
    write_decisions(output, names, None, found.scores, found.p_values, found.flagged, found.regions)
    _summarize(found.given, found.flagged, calibration.threshold, output, fdr)
    if fdr is not None:
        _print_reach(len(found.scores), calibration.attainable_fpr, fdr)
    if monitor:
        _write_drift(drift.compare(calibration, found.scores), output)


def _write_drift(drift, output):
    report = _monitor_file(output)
    with outputs.writing(report) as temporary:
        temporary.write_text(files.json_text(drift.to_dict()), encoding="utf-8")
    print(f"{drift.sentence} {report}")


def _monitor_file(output):
    return pathlib.Path(output).with_suffix(".monitor.json")


def _write_heatmaps(trained, source, folder, limit):
    from memgan_tf.report.heatmaps import HeatmapSource, write_most_anomalous

    source = HeatmapSource(*source)
    written = write_most_anomalous(trained, source, folder, limit)
    if written:
        print(f"Heat-maps of {len(written)} of {len(source.scores)} images: {folder}")
    else:
        print(f"No heat-maps: {trained.config.detector} scores an image as a whole")


def score_on_server(address, retries, batch_size, source, output, fdr=None, **reading):
    """Like `score_input`, with the scores and p-values of a server."""
    import_tensorflow()
    from memgan_tf.data.inputs import read_input
    from memgan_tf.evaluation.false_discoveries import control_false_discoveries
    from memgan_tf.evaluation.scores import write_decisions
    from memgan_tf.serving.connect import make_client
    from memgan_tf.serving.scoring import score_images

    with make_client(address, retries) as client:
        given = read_input(source, client.image_shape(), **reading)
        answers = score_images(client, given.images, batch_size)
    p_values, flagged = answers["p_value"], answers["is_anomaly"]
    if fdr is not None:
        flagged = control_false_discoveries(p_values, fdr)
    write_decisions(output, given.names, None, answers["anomaly_score"], p_values, flagged)
    _summarize(given, flagged, answers["threshold"][0], output, fdr)


def _summarize(given, flagged, threshold, output, fdr):
    for name, reason in given.skipped:
        print(f"Left out {shown(name)}: {reason}", file=sys.stderr)
    for note in given.notes:
        print(f"Note: {note}", file=sys.stderr)
    rule = f"above the threshold {threshold:.6g}"
    if fdr is not None:
        rule = f"called anomalies at a false discovery rate of {fdr:g}"
    print(
        f"{counted(len(flagged), 'image', 'images')} scored, {len(given.skipped)} left out; "
        f"{int(flagged.sum())} {rule}: {output}"
    )


def _print_reach(num_images, resolution, fdr):
    """Prints how few anomalies a batch can show with the given calibration images."""
    from memgan_tf.evaluation.false_discoveries import fewest_alarms

    fewest = fewest_alarms(num_images, resolution, fdr)
    if fewest is None:
        print(
            f"No image can be called: the smallest p-value is {resolution:.3g}, above the rate. "
            f"Recalibrate with more normal images, or raise --fdr"
        )
    elif fewest > 1:
        print(
            f"Fewer than {fewest} anomalies among {num_images} cannot be called: the smallest "
            f"p-value is {resolution:.3g}. Recalibrate with more normal images, or score fewer "
            f"at once"
        )


COMMAND = Command("score", DESCRIPTION, define_flags, run, required=("input", "output"))

if __name__ == "__main__":
    run_as_script(COMMAND)
