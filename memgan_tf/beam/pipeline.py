"""The Beam pipeline: distributes shards to workers, each of which loads the model once."""

from collections.abc import Sequence

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.utils.shared import Shared

from memgan_tf.beam import storage
from memgan_tf.beam.plan import Job, make_plan
from memgan_tf.beam.scoring_model import identify, load_model
from memgan_tf.beam.shards import score_shard

# Default options; the user's own follow and take precedence.
QUIET = ("--default_sdk_harness_log_level=WARNING",)


class ScoreShards(beam.DoFn):
    """Scores the shards with the given numbers; yields their counts.

    Args:
        job: The job.
        num_shards: Number of its shards.
        model: Handle through which the threads of a process share the model.
    """

    def __init__(self, job: Job, num_shards: int, model: Shared):
        self._job, self._num_shards, self._shared = job, num_shards, model

    def setup(self):
        """Loads the model, unless another thread of the process has loaded it."""
        self._model = self._shared.acquire(lambda: load_model(self._job.model), self._job.model)

    def process(self, index):
        """Scores one shard."""
        yield score_shard(self._job, self._model, index, self._num_shards)


def run_job(job: Job, options: Sequence[str] = ()) -> dict[str, int]:
    """Scores all images of a job, or resumes it; finished shards are not repeated.

    Args:
        job: The job.
        options: Flags of Beam and its runner.

    Returns:
        The counts of `images`, `errors`, `anomalies` and `shards`, as in `summary.json`.

    Raises:
        ValueError: If the inputs, the model or the output folder cannot be used.
        RuntimeError: If a shard is missing after the runner has finished.
    """
    num_shards = make_plan(job, identify(job.model))
    counts = [job.path("counts", index, num_shards) for index in range(num_shards)]
    left = [index for index, path in enumerate(counts) if not storage.exists(path)]
    if left:
        with beam.Pipeline(options=PipelineOptions([*QUIET, *options])) as pipeline:
            _ = (
                pipeline
                | "Shards" >> beam.Create(left)
                | "Spread" >> beam.Reshuffle()
                | "Score" >> beam.ParDo(ScoreShards(job, num_shards, Shared()))
            )
    missing = [path for path in counts if not storage.exists(path)]
    if missing:
        raise RuntimeError(
            f"{len(missing)} of {num_shards} shards are not done. Workers must write to "
            f"{job.output} as this process sees it; then run the same command again"
        )
    total = {"images": 0, "errors": 0, "anomalies": 0, "shards": num_shards}
    for path in counts:
        for name, count in storage.read_json(path).items():
            total[name] += count
    storage.write_json(storage.join(job.output, "summary.json"), total)
    return total
