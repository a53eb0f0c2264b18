"""Exports a finished run as a SavedModel, and optionally as a LiteRT file."""

from absl import flags

from memgan_tf.export.litert.flatbuffers import check_litert
from memgan_tf.export.publish import ModelStore, check_trust
from memgan_tf.tools.command import Command, import_tensorflow, run_as_script
from memgan_tf.tools.data_flags import define_data_flags
from memgan_tf.training.run_directory import RunDirectory
from memgan_tf.validation import check_integer, check_real

DESCRIPTION = """Exports a finished run as a SavedModel that TensorFlow Serving runs.

memgan export --run=runs/memgan/mnist/2/seed_0 --name=twos

Publishes <output_dir>/<name>/<version>/ in one rename, after checking that the exported scores
equal the run's in Python and in a session as a C++ server has it. docs/serving.md shows how to
serve it.

--format=litert adds model.tflite for small devices; docs/litert.md shows how to use it."""


def define_flags(flag_values):
    """Defines this verb's flags."""
    options = {"flag_values": flag_values}
    flags.DEFINE_string("run", None, "Folder of the run.", **options)
    flags.DEFINE_string("name", None, "Name of the model on the server.", **options)
    flags.DEFINE_string("output_dir", "saved_models", "Folder of all models.", **options)
    flags.DEFINE_enum(
        "format",
        "saved_model",
        ["saved_model", "litert"],
        "litert: also model.tflite, for small devices, in addition to the SavedModel.",
        **options,
    )
    flags.DEFINE_enum(
        "quantization",
        None,
        ["float32", "float16", "int8"],
        "With --format=litert. int8 makes the networks integers by held-out normal images of the "
        "data set, which set its threshold as well. Default: float32.",
        **options,
    )
    flags.DEFINE_integer(
        "version",
        None,
        "Version. Default: seconds since 1970, or one above the highest.",
        **options,
    )
    flags.DEFINE_integer("keep", None, "Remove all but this many highest versions.", **options)
    flags.DEFINE_float("target_fpr", None, "As in memgan train. Default: the run's.", **options)
    flags.DEFINE_integer(
        "golden_images",
        16,
        "Number of images of the data set stored in the export to check servers, in addition to "
        "synthetic ones; 0 needs no data set.",
        **options,
    )
    define_data_flags(flag_values)
    flags.DEFINE_bool("warm_up", True, "Write warm-up requests for the server.", **options)
    flags.DEFINE_bool("force", False, "Export a run that is SUSPECT or not COMPLETE.", **options)


def run(flag_values):
    """Checks everything that does not need TensorFlow, then exports."""
    directory = RunDirectory(flag_values.run)
    config = directory.read_config()
    check_trust(directory, flag_values.force)
    store = ModelStore(flag_values.output_dir, flag_values.name)
    store.new_version(flag_values.version)
    check_integer("golden_images", flag_values.golden_images, 0, 256)
    if flag_values.keep is not None:
        check_integer("keep", flag_values.keep, minimum=1)
    if flag_values.target_fpr is not None:
        check_real("target_fpr", flag_values.target_fpr, 1e-6, 0.5)
    _check_format(flag_values)
    import_tensorflow()
    from memgan_tf.detectors.registry import make_detector
    from memgan_tf.export.obstacles import check_exportable
    from memgan_tf.export.warmup import check_protocol

    if flag_values.warm_up:
        check_protocol()
    check_exportable(
        make_detector(config), flag_values.format, flag_values.quantization or "float32"
    )
    _export(directory, store, flag_values)


def _check_format(flag_values):
    if flag_values.format == "litert":
        check_litert("format=litert")
    elif flag_values.quantization is not None:
        raise ValueError(
            f"`quantization` must come with --format=litert. Received: {flag_values.quantization}"
        )


def _export(directory, store, flag_values):
    from memgan_tf.report.evaluate import title_of
    from memgan_tf.run import Run

    trained = Run.load(directory.path, allow_incomplete=True)
    exported = trained.export(
        flag_values.name,
        flag_values.output_dir,
        flag_values.version,
        target_fpr=flag_values.target_fpr,
        num_golden=flag_values.golden_images,
        data_dir=flag_values.data_dir,
        dataset=flag_values.dataset,
        warm_up=flag_values.warm_up,
        force=flag_values.force,
        format=flag_values.format,
        quantization=flag_values.quantization,
    )
    print(f"{title_of(trained)}, {trained.config.preset} preset")
    for finding in exported.findings:
        print(f"  {finding}")
    for line in exported.calibration.describe():
        print(f"  {line}")
    for finding in exported.litert.findings if exported.litert else ():
        print(f"  {finding}")
    print(f"Published: {exported.path}")
    if flag_values.keep is not None:
        for version in store.prune(flag_values.keep, spared=int(exported.path.name)):
            print(f"Removed: {store.path / str(version)}")


COMMAND = Command("export", DESCRIPTION, define_flags, run, required=("run", "name"))

if __name__ == "__main__":
    run_as_script(COMMAND)
