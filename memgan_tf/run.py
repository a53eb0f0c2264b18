"""A finished run as a program uses it: score, evaluate, report, export."""

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
from memgan_tf.export.publish import ModelStore, check_trust
from memgan_tf.report.evaluate import NUM_HEATMAPS, describe_run, evaluate
from memgan_tf.report.page import NUM_IMAGES, write_report


class Run(TrainedRun):
    """What `memgan_tf.train` and `memgan_tf.load` return; see `TrainedRun` for its parts.

    Each method does what the command of its name does.
    """

    @property
    def path(self) -> pathlib.Path:
        """The run's folder."""
        return self.directory.path

    def score_files(self, paths: str | os.PathLike | Iterable[str | os.PathLike]) -> FileScores:
        """Scores image files of any size, fitted as the run's own images were.

        Args:
            paths: A folder with images at any depth, an image, or paths of images.

        Returns:
            An iterator of `FileScore`: `path`, `anomaly_score`, `p_value`, `is_anomaly`,
            `region`; the scores are those of `memgan score`. Files that cannot be read are warned
            of and listed in its `skipped`.

        Raises:
            ValueError: If there is no such folder or file, or no image in it.
        """
        return FileScores(self, paths)

    def evaluate(
        self,
        data_dir: str | None = None,
        dataset: str | None = None,
        num_heatmaps: int = NUM_HEATMAPS,
    ) -> dict[str, Any]:
        """Scores the labelled test split; writes `results.json` and the folder `eval`.

        Args:
            data_dir: As in `load_task`.
            dataset: As in `load_task`.
            num_heatmaps: Heat-maps of each kind of image that are written; 0 writes none.

        Returns:
            What `results.json` holds; `metrics` has the figures.

        Raises:
            ValueError: If there is no labelled test split, or its masks do not fit.
        """
        return evaluate(self, self.load_task(data_dir, dataset), num_heatmaps)

    def report(
        self,
        data_dir: str | None = None,
        dataset: str | None = None,
        num_images: int = NUM_IMAGES,
    ) -> pathlib.Path:
        """Writes `eval/report.html` and `eval/model_card.md`; evaluates first if need be.

        Args:
            data_dir: As in `load_task`.
            dataset: As in `load_task`.
            num_images: Images of each kind that are shown.

        Returns:
            The report's file.

        Raises:
            ValueError: If a file of the run is damaged.
        """
        return write_report(self, self.load_task(data_dir, dataset), num_images)[0]

    def keras_model(self) -> keras.Model:
        """The score as a Keras model of Keras' own operations.

        It takes pixels `(batch, height, width, channels)`, 0 to 255, and gives a dictionary:
        `anomaly_score`, `p_value`, `threshold` and `is_anomaly`, each `(batch,)`, and where the
        method has them `reconstruction`, `anomaly_map` and `attention`. Saved as a `.keras` file
        it is loaded by `keras.saving.load_model` in safe mode, without this package. Scores agree
        with the run's to a last bit or two; `export` is exact.

        Raises:
            ValueError: If the score has a part that Keras has no operation for; it says which.
            RuntimeError: If the model's scores are not the run's.
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
            name: Of the model on the server.
            output_dir: Folder of all models.
            version: Its number; None is the time.
            target_fpr: Another rate than the run's.
            num_golden: Images of the data set that are stored in the export, to check servers
                with, besides synthetic ones; 0 needs no data set.
            data_dir: As in `load_task`.
            dataset: As in `load_task`.
            warm_up: Whether to write warm-up requests.
            force: Whether a run that is SUSPECT or not COMPLETE may be exported.
            format: `saved_model`, or `litert`, which adds `model.tflite` to the version.
            quantization: With `litert`: `float32`, `float16` or `int8`; None is `float32`. `int8`
                needs the run's data set.

        Returns:
            The published version: its `path` and what the checks before it `findings`.

        Raises:
            ValueError: If the run is not to be trusted, cannot be exported or the version is
                taken.
            RuntimeError: If a check fails; nothing is published then.
        """
        check_trust(self.directory, force)
        quantization = check_format(format, quantization)
        store, calibration = ModelStore(output_dir, name), self.calibration
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
