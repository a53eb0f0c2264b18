"""Reads a shard, scores it in batches, and writes it completely."""

import csv
import io

import numpy as np

from memgan_tf.beam import storage
from memgan_tf.beam.plan import Job, read_shard
from memgan_tf.beam.reading import Reader
from memgan_tf.beam.scoring_model import BATCH_SIZE, ScoringModel
from memgan_tf.data.image_files import pillow_rules
from memgan_tf.evaluation.scores import COLUMNS, as_cell

ERROR_COLUMNS = ("path", "reason")


def score_shard(job: Job, model: ScoringModel, index: int, num_shards: int) -> dict[str, int]:
    """Scores a shard, unless it is done.

    The counts are written last: if they exist, so do the shard's other files.

    Returns:
        The counts of `images`, `errors` and `anomalies`.
    """
    counts_path = job.path("counts", index, num_shards)
    if storage.exists(counts_path):
        return storage.read_json(counts_path)
    reader = Reader(model.image_shape, model.image_fit, job.record_feature, model.bit_depth)
    with pillow_rules():
        rows, errors = _score_all(model, reader.read(read_shard(job, index, num_shards)))
    if errors:
        storage.write(job.path("errors", index, num_shards), _csv(ERROR_COLUMNS, errors))
    table = _csv(COLUMNS, rows) if job.output_format == "csv" else _parquet(rows)
    storage.write(job.path("scores", index, num_shards), table)
    anomalies = sum(row[-1] for row in rows)
    counts = {"images": len(rows), "errors": len(errors), "anomalies": anomalies}
    storage.write_json(counts_path, counts)
    return counts


def _score_all(model, found):
    """Rows of the images, and name and reason of everything that is not an image."""
    rows, errors, waiting = [], [], []
    for name, image in found:
        if isinstance(image, str):
            errors.append((name, image))
            continue
        waiting.append((name, image))
        if len(waiting) == BATCH_SIZE:
            rows += _score(model, waiting)
            waiting = []
    return rows + _score(model, waiting), errors


def _score(model, batch):
    """Rows of COLUMNS for named images, as `write_decisions` writes them."""
    if not batch:
        return []
    names, images = zip(*batch, strict=True)
    scores, p_values, flagged = model.score(np.stack(images))
    return [
        (name, "", f"{score:.9g}", f"{p_value:.6g}", int(flag))
        for name, score, p_value, flag in zip(names, scores, p_values, flagged, strict=True)
    ]


def _csv(columns, rows):
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows((as_cell(name), *rest) for name, *rest in rows)
    return text.getvalue().encode()


def _parquet(rows):
    import pyarrow
    from pyarrow import parquet

    names, _, scores, p_values, flagged = zip(*rows, strict=True) if rows else [()] * len(COLUMNS)
    table = pyarrow.table(
        {
            "path": pyarrow.array(names, pyarrow.string()),
            "label": pyarrow.nulls(len(names), pyarrow.int8()),
            "anomaly_score": pyarrow.array(np.array(scores, np.float32)),
            "p_value": pyarrow.array(np.array(p_values, np.float64)),
            "is_anomaly": pyarrow.array(np.array(flagged, bool)),
        }
    )
    content = pyarrow.BufferOutputStream()
    parquet.write_table(table, content)
    return content.getvalue().to_pybytes()
