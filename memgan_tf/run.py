"""A finished run for programs: score, evaluate, report, export."""

import os
import pathlib
from collections.abc import Iterable
from typing import Any

import keras

from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.evaluation.file_scores import FileScores
from memgan_tf.evaluation.trained_run import TrainedRun
from memgan_tf.export.exporter import Export, export
from memgan_tf.export.golden import golden_images, synthetic_images
from memgan_tf.export.keras_model import make_keras_model
from memgan_tf.export.litert.conversion import INT8
from memgan_tf.export.litert.exporter import LiteRequest, check_format
from memgan_tf.export.obstacles import check_exportable
from memgan_tf.export.publish import ModelStore, check_trust
from memgan_tf.export.warmup import check_protocol
from memgan_tf.report.evaluate import NUM_HEATMAPS, describe_run, evaluate
from memgan_tf.report.page import NUM_IMAGES, write_report
from memgan_tf.validation import check_integer, check_real


class Run(TrainedRun):
    """A run returned by `memgan_tf.train` and `memgan_tf.load`; see `TrainedRun` for its parts.

    Each method does the same as the command of its name.
    """

    @property
    def path(self) -> pathlib.Path:
        """The run's folder."""
        return self.directory.path

    def score_files(self, paths: str | os.PathLike | Iterable[str | os.PathLike]) -> FileScores:
        """Scores image files of any size, fitted like the run's own images.

        Args:
            paths: A folder with images at any depth, an image, or paths of images.

        Returns:
            An iterator of `FileScore` with `path`, `anomaly_score`, `p_value`, `is_anomaly` and
            `region`. The scores equal those of `memgan score`. Files that cannot be read cause a
            warning and are listed in its `skipped`.

        Raises:
            ValueError: If the folder or file does not exist, or has no image.
        """
        return FileScores(self, paths)

    def evaluate(
        self,
        data_dir: str | None = None,
        dataset: str | None = None,
        num_heatmaps: int = NUM_HEATMAPS,
    ) -> dict[str, Any]:
        """Scores the labeled test split; writes `results.json` and the folder `eval`.

        Args:
            data_dir: As in `load_task`.
            dataset: As in `load_task`.
            num_heatmaps: Number of heat-maps to write for each kind of image; 0 writes none.

        Returns:
            Content of `results.json`; `metrics` has the figures.

        Raises:
            ValueError: If there is no labeled test split, or its masks do not fit.
        """
        return evaluate(self, self.load_task(data_dir, dataset), num_heatmaps)

    def report(
        self,
        data_dir: str | None = None,
        dataset: str | None = None,
        num_images: int = NUM_IMAGES,
    ) -> pathlib.Path:
        """Writes `eval/report.html` and `eval/model_card.md`; evaluates first if needed.

        Args:
            data_dir: As in `load_task`.
            dataset: As in `load_task`.
            num_images: Number of images shown of each kind.

        Returns:
            The file of the report.

        Raises:
            ValueError: If a file of the run is damaged.
        """
        return write_report(self, self.load_task(data_dir, dataset), num_images)[0]

    def keras_model(self) -> keras.Model:
        """The score as a Keras model of Keras' own operations.

        It takes pixels `(batch, height, width, channels)`, 0 to 255, and returns a dictionary with
        `anomaly_score`, `p_value`, `threshold` and `is_anomaly`, each `(batch,)`, and if the
        method has them, `reconstruction`, `anomaly_map` and `attention`. From a `.keras` file,
        `keras.saving.load_model` loads it in safe mode, without this package. Scores agree with
        the run's up to the last one or two bits; `export` is exact.

        Raises:
            ValueError: If Keras has no operation for a part of the score; the message names it.
            RuntimeError: If the model's scores differ from the run's.
        """
        return make_keras_model(self)

    def export(
        self,
        name: str,
        output_dir: str | os.PathLike = "saved_models",
        version: int | None = None,
        *,
        target_fpr: float | None = None,
        num_golden: int = 16,
        data_dir: str | None = None,
        dataset: str | None = None,
        warm_up: bool = True,
        force: bool = False,
        format: str = "saved_model",
        quantization: str | None = None,
    ) -> Export:
        """Publishes the run as a SavedModel that TensorFlow Serving runs, or for small devices.

        Args:
            name: Name of the model on the server.
            output_dir: Folder of all models.
            version: Number of the version; None uses the time.
            target_fpr: Target false-positive rate; None uses the run's.
            num_golden: Number of images of the data set stored in the export to check servers, in
                addition to synthetic ones; 0 needs no data set.
            data_dir: As in `load_task`.
            dataset: As in `load_task`.
            warm_up: Whether to write warm-up requests.
            force: Whether a run that is SUSPECT or not COMPLETE may be exported.
            format: `saved_model`, or `litert`, which adds `model.tflite` to the version.
            quantization: With `litert`: `float32`, `float16` or `int8`; None is `float32`. `int8`
                needs the run's data set.

        Returns:
            The published version, with its `path` and the `findings` of the checks.

        Raises:
            ValueError: If the run is not trustworthy or cannot be exported, or the version is
                taken.
            RuntimeError: If a check fails; then nothing is published.
        """
        check_trust(self.directory, force)
        quantization = check_format(format, quantization)
        check_exportable(self.detector, format, quantization)
        if warm_up:
            check_protocol()
        check_integer("num_golden", num_golden, 0)
        if target_fpr is not None:
            check_real("target_fpr", target_fpr, 1e-6, 0.5)
        store, calibration = ModelStore(output_dir, name), self.calibration
        store.new_version(version)
        images, task = synthetic_images(self.config.image_shape), None
        if num_golden or calibration is None or quantization == INT8:
            task = self.load_task(data_dir, dataset)
            images = golden_images(task, num_golden)
            if calibration is None:
                scores = self.score(task.validation.images)
                calibration = Calibration.of(scores, self.config.data.target_fpr)
        if target_fpr is not None:
            calibration = Calibration.of(calibration.scores, target_fpr)
        description = describe_run(self) if self.directory.is_complete else None
        litert = LiteRequest(quantization, task) if format == "litert" else None
        return export(self, calibration, images, store, version, description, warm_up, litert)
