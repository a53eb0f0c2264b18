"""What a job scores and in which shards; a resumed job must have the same plan."""

import dataclasses
import hashlib
from typing import Any

from memgan_tf.beam import storage
from memgan_tf.validation import check_choice, check_integer

OUTPUT_FORMATS = ("csv", "parquet")
# Files that hold many images; each is a shard of its own.
RECORD_SUFFIXES = (".npz", ".tfrecord", ".tfrecord.gz", ".tfrecords")


@dataclasses.dataclass(frozen=True)
class Job:
    """A job's settings.

    Attributes:
        pattern: Input files: a pattern or a folder.
        output: Folder that the job writes.
        model: Folder of a run, or of a SavedModel.
        output_format: `csv` or `parquet`.
        images_per_shard: Image files per shard; an npz or TFRecord file is one shard.
        record_feature: Feature of a `tf.train.Example` that holds the encoded image; empty if a
            record is an encoded image itself.

    Raises:
        ValueError: If a setting is invalid.
    """

    pattern: str
    output: str
    model: str
    output_format: str = "csv"
    images_per_shard: int = 1000
    record_feature: str = ""

    def __post_init__(self):
        check_choice("output_format", self.output_format, OUTPUT_FORMATS)
        check_integer("images_per_shard", self.images_per_shard, 1)

    def path(self, kind: str, shard: int, num_shards: int) -> str:
        """Path of a file of a shard: its `inputs`, `scores`, `errors` or `counts`."""
        suffix = {"scores": self.output_format, "errors": "csv", "inputs": "txt", "counts": "json"}
        name = f"{kind}-{shard:05d}-of-{num_shards:05d}.{suffix[kind]}"
        folder = [] if kind in ("scores", "errors") else ["shards"]
        return storage.join(self.output, *folder, name)


def holds_records(path: str) -> bool:
    """Whether a file holds many images, by its name."""
    return path.lower().endswith(RECORD_SUFFIXES)


def make_plan(job: Job, identity: str) -> int:
    """Lists the inputs, writes each shard's list and the plan.

    Args:
        job: The job.
        identity: Digest of the model's content.

    Returns:
        The number of shards.

    Raises:
        ValueError: If nothing matches, or the output folder holds another job.
    """
    files = storage.list_files(job.pattern)
    if not files:
        raise ValueError(f"`input` must match files; {job.pattern} matches none")
    shards = _split(files, job.images_per_shard)
    for folder in (job.output, storage.join(job.output, "shards")):
        storage.sweep(folder)
    plan = _describe(job, identity, shards)
    path = storage.join(job.output, "plan.json")
    if storage.exists(path):
        before = storage.read_json(path)
        changed = sorted(name for name in plan if before.get(name) != plan[name])
        if changed:
            raise ValueError(
                f"`output` {job.output} holds another job: its {', '.join(changed)} differ. "
                f"Name another --output"
            )
        return len(shards)
    if storage.list_files(storage.join(job.output, "*")):
        raise ValueError(f"`output` {job.output} holds files but no job. Name an empty folder")
    for index, inputs in enumerate(shards):
        listing = "".join(f"{name}\n" for name in inputs).encode("utf-8", "surrogateescape")
        storage.write(job.path("inputs", index, len(shards)), listing)
    storage.write_json(path, plan)  # last: without it, the folder is no job's yet
    return len(shards)


def read_shard(job: Job, index: int, num_shards: int) -> list[str]:
    """The input files of a shard."""
    text = storage.read(job.path("inputs", index, num_shards))
    return text.decode("utf-8", "surrogateescape").split("\n")[:-1]


def _split(files, size):
    images = [name for name in files if not holds_records(name)]
    return [images[i : i + size] for i in range(0, len(images), size)] + [
        [name] for name in files if holds_records(name)
    ]


def _describe(job, identity, shards) -> dict[str, Any]:
    digest = hashlib.sha256(repr(shards).encode("utf-8", "surrogateescape")).hexdigest()
    settings = dataclasses.asdict(job)
    del settings["output"]  # the folder may be moved
    return {**settings, "model_content": identity, "num_shards": len(shards), "inputs": digest}
