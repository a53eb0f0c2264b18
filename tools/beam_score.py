"""Flags and summary of `memgan score --runner=beam`."""

import contextlib
import importlib.util
import os
import shlex

from absl import flags

from memgan_tf import outputs
from memgan_tf.tools.command import import_tensorflow

# Flags of `memgan score` that belong to the other runner.
LOCAL_ONLY = ("fdr", "monitor", "heatmaps", "server", "model")
SAFE_PATH = "PYTHONSAFEPATH"


def define_beam_flags(flag_values):
    """Defines the flags that only `--runner=beam` reads."""
    options = {"flag_values": flag_values}
    flags.DEFINE_enum(
        "runner",
        "local",
        ["local", "beam"],
        "local: this process. beam: Apache Beam, for many images; --input is then a pattern, "
        "--output a folder.",
        **options,
    )
    flags.DEFINE_string(
        "saved_model",
        None,
        "With beam, instead of --run: a version made by memgan export.",
        **options,
    )
    flags.DEFINE_enum(
        "output_format", "csv", ["csv", "parquet"], "With beam: format of shards.", **options
    )
    flags.DEFINE_integer(
        "images_per_shard",
        1000,
        "With beam: number of image files per shard. An npz or TFRecord file is one shard.",
        **options,
    )
    flags.DEFINE_string(
        "record_feature",
        "",
        "With beam: the feature of a tf.train.Example that has the encoded image. If absent, each "
        "record of a TFRecord file is an encoded image.",
        **options,
    )
    flags.DEFINE_string(
        "beam_options",
        "",
        'Flags of Beam and its runner, as "--runner=DirectRunner --direct_num_workers=2".',
        **options,
    )


def run_beam(flag_values):
    """Checks the flags, then runs the job."""
    for name in LOCAL_ONLY:
        if flag_values[name].value != flag_values[name].default:
            raise ValueError(f"`{name}` must be absent with --runner=beam")
    if (flag_values.run is None) == (flag_values.saved_model is None):
        raise ValueError("`run` or `saved_model` must be given with --runner=beam, and not both")
    if importlib.util.find_spec("apache_beam") is None:
        raise ValueError("`runner` beam needs Apache Beam: pip install 'memgan_tf[beam]'")
    if "://" not in flag_values.output:
        outputs.check_folder(flag_values.output, "output")
    options = shlex.split(flag_values.beam_options)
    import_tensorflow()
    from memgan_tf.beam.pipeline import run_job
    from memgan_tf.beam.plan import Job

    job = Job(
        flag_values.input,
        flag_values.output,
        flag_values.run or flag_values.saved_model,
        flag_values.output_format,
        flag_values.images_per_shard,
        flag_values.record_feature,
    )
    with _safe_path():
        total = run_job(job, options)
    print(
        f"{total['images']} images scored in {total['shards']} shards, {total['errors']} left "
        f"out; {total['anomalies']} above the threshold: {job.output}"
    )


@contextlib.contextmanager
def _safe_path():
    """Keeps processes of a runner from importing files of the working directory."""
    before = os.environ.get(SAFE_PATH)
    os.environ[SAFE_PATH] = before or "1"
    try:
        yield
    finally:
        del os.environ[SAFE_PATH]
        if before is not None:
            os.environ[SAFE_PATH] = before
