"""A session: its images, the decisions on them, and actions on both."""

import pathlib
import random
from collections.abc import Sequence

import numpy as np

from memgan_tf import outputs
from memgan_tf.app import prices, timeline
from memgan_tf.app.decisions import GOOD, Decision, Decisions, check_who, now
from memgan_tf.app.images import Images, ScoredImage
from memgan_tf.app.intake import Intake
from memgan_tf.app.judges import Judge, RunJudge
from memgan_tf.app.neighbors import ConfirmedNeighbors, Neighbor, TrainingNeighbors
from memgan_tf.app.photographs import DroppedFiles, reopen
from memgan_tf.app.pictures import Pictures
from memgan_tf.app.prices import Price, Share
from memgan_tf.app.training_folder import Exported, write_training_folder
from memgan_tf.app.watch import FolderWatch
from memgan_tf.evaluation.calibration import needed_images
from memgan_tf.validation import check_choice, received

FILTERS = ("all", "alarms", "undecided", "good", "defect")


class Session:
    """Everything behind the page.

    Args:
        judge: Scores the images.
        folder: Folder for decisions, the list of images and dropped files; made if missing.
        watched: Folder whose new photographs are scored, or None.
        who: Name of the inspector, unless the page gives another.

    Attributes:
        judge: Scores the images.
        folder: As given.
        images: The scored images.
        decisions: The decisions.
        pictures: Pictures of the images.
        intake: Files waiting for their scores.
        dropped: The session's own files.
        training: The run's training images; None for a server.
        watch: The watched folder, or None.
        who: As given.
    """

    def __init__(self, judge: Judge, folder: pathlib.Path, watched: pathlib.Path | None, who: str):
        outputs.make_folder(folder, "decisions")
        self.judge, self.folder, self.who = judge, folder, check_who(who)
        self.images, self.decisions = Images(folder), Decisions(folder)
        self.pictures = Pictures(folder, judge)
        self.intake = Intake(judge, self.images, self.pictures)
        self.dropped = DroppedFiles(folder)
        self.training = TrainingNeighbors(judge) if isinstance(judge, RunJudge) else None
        self._confirmed = ConfirmedNeighbors(self.images, self.decisions, self.pictures)
        self.watch = None if watched is None else FolderWatch(watched, self.intake, folder)

    def start(self) -> None:
        """Starts the threads."""
        for part in (self.intake, self.watch, self.training):
            if part is not None:
                part.start()

    def stop(self) -> None:
        """Ends the threads; waiting files of the watched folder are scored by the next session."""
        for part in (self.watch, self.training, self.intake):
            if part is not None:
                part.stop()
        self.judge.close()

    def refresh(self) -> str:
        """Reads changes by other processes; returns an id of everything that is shown."""
        self.images.refresh()
        self.decisions.refresh()
        self.judge.refresh()
        training = "" if self.training is None else self.training.state
        counts = (len(self.images), self.decisions.count, self.intake.failed)
        return repr((*counts, self.judge.threshold, training))

    @property
    def threshold(self) -> float:
        """A score above it is called an anomaly."""
        return self.judge.threshold

    def is_alarm(self, image: ScoredImage) -> bool:
        """Whether an image is called an anomaly at the current threshold."""
        return image.anomaly_score > self.threshold

    def p_value(self, image: ScoredImage) -> float:
        """P-value with the current calibration; for a server, that at the time of scoring."""
        if self.judge.calibration is None:
            return image.p_value
        return float(self.judge.calibration.p_values(np.array([image.anomaly_score]))[0])

    def filtered(self, name: str) -> Sequence[ScoredImage]:
        """The images of a filter, in the order of scoring.

        Raises:
            ValueError: If the filter is unknown.
        """
        check_choice("filter", name, FILTERS)
        if name == "all":
            return self.images
        if name == "alarms":
            return [image for image in self.images[:] if self.is_alarm(image)]
        wanted = None if name == "undecided" else name
        return [
            image
            for image in self.images[:]
            if getattr(self.decisions.of(image.id), "decision", None) == wanted
        ]

    def random_undecided(self) -> ScoredImage | None:
        """A random undecided image, all with the same probability."""
        undecided = self.filtered("undecided")
        return random.choice(undecided) if undecided else None

    def decide(self, key: str, decision: str, who: str | None = None) -> Decision:
        """Writes an inspector's decision on an image.

        Args:
            key: Id of the image.
            decision: `good`, `defect` or `withdrawn`.
            who: Name of the inspector; None uses the session's.

        Raises:
            ValueError: If the image or decision is unknown.
            OSError: If it cannot be written.
        """
        image = self.images.get(key)
        if image is None:
            raise ValueError(
                f"`image` must be one of the session. {received('image', key[:100])}. Reload the "
                f"page"
            )
        made = Decision(
            time=now(),
            who=check_who(who or self.who),
            file=image.name,
            decision=decision,
            anomaly_score=image.anomaly_score,
            p_value=self.p_value(image),
            threshold=self.threshold,
            image=image.id,
        )
        # What cannot be read back is not written.
        Decision.from_line(made.to_line())
        self.decisions.add(made)
        return made

    def neighbors(self, image: ScoredImage) -> tuple[str, list[Neighbor]]:
        """A sentence on the source of the most similar normal images, and these images."""
        training = self.training
        if training is not None and training.is_ready:
            try:
                found = training.nearest(reopen(image, self.judge).pixels)
                return "Training images, by what the detector sees.", found
            except ValueError as error:
                return f"The photograph cannot be read any more: {error}.", []
        reason = "A server does not give training images." if training is None else training.state
        found = self._confirmed.nearest(image)
        if not found:
            return f"{reason} Once other images are confirmed as good, those are compared.", []
        return f"{reason} Confirmed good images of this session, by their pixels:", found

    def steps(self) -> list[tuple[float, float | None]]:
        """Thresholds of the slider, each with its guaranteed rate, lowest first."""
        if self.judge.calibration is not None:
            return list(prices.steps_of(self.judge.calibration))
        scores = [image.anomaly_score for image in self.images[:]]
        found = {*prices.steps_of_scores(np.array([*scores, self.threshold]))} | {self.threshold}
        return [(threshold, None) for threshold in sorted(found)]

    def price(self, threshold: float | None = None, target_fpr: float | None = None) -> Price:
        """Costs of a threshold; None means the current one."""
        if threshold is None:
            threshold = self.threshold
            known = self.judge.calibration
            target_fpr = None if known is None else known.target_fpr
        return Price.of(threshold, self.decisions.standing(), target_fpr)

    def warning(self) -> str | None:
        """A warning if inspectors decide only alarms; see `prices.one_sided`."""
        counts = {True: [0, 0], False: [0, 0]}
        for image in self.images[:]:
            of_kind = counts[self.is_alarm(image)]
            of_kind[0] += self.decisions.of(image.id) is not None
            of_kind[1] += 1
        return prices.one_sided(Share(*counts[True]), Share(*counts[False]))

    def set_threshold(self, threshold: float) -> pathlib.Path:
        """Sets one of the run's thresholds of `steps`; returns the file of the old calibration.

        Raises:
            ValueError: If it is none of them any more, or there is no run.
            RuntimeError: If another process works on the run.
        """
        return self._run_judge().set_threshold(threshold)

    def recalibrate(self) -> tuple[int, pathlib.Path]:
        """Sets the run's threshold with the confirmed good images.

        Returns:
            Their number, and the file of the old calibration.

        Raises:
            ValueError, RuntimeError: As `set_threshold`.
        """
        judge = self._run_judge()
        scores = prices.scores_of(self.decisions.standing(), GOOD)
        rate = judge.known().target_fpr
        if len(scores) < needed_images(rate):
            raise ValueError(
                f"{len(scores)} images are confirmed as good, too few for a rate of "
                f"{100 * rate:.3g} % false alarms. Confirm {needed_images(rate)}, or set a "
                f"threshold with more alarms first"
            )
        return len(scores), judge.recalibrate(scores=scores)

    def export(self) -> Exported:
        """Writes the confirmed images as a folder; see `write_training_folder`."""
        return write_training_folder(self.folder, self.images, self.decisions)

    def chart(self) -> timeline.Timeline | None:
        """The scores over time."""
        return timeline.draw(self.images[:], self.decisions.of, self.threshold)

    def drift(self):
        """The drift test of the latest images, or the reason why there is none."""
        return timeline.drift_of(self.images[:], self.decisions.of, self.judge.calibration)

    def _run_judge(self):
        if not isinstance(self.judge, RunJudge):
            raise ValueError(
                "The threshold is part of the server's export: memgan recalibrate its run, then "
                "memgan export again"
            )
        return self.judge
