"""Writes heat-maps as files: each image next to its anomaly map, with one color scale for all."""

import dataclasses
import pathlib
import re
from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from memgan_tf import files, outputs
from memgan_tf.data import load_task
from memgan_tf.evaluation.explanations import explain_in_parts
from memgan_tf.evaluation.heat_scale import HeatScale, heat_scale
from memgan_tf.evaluation.run_data import choose_data
from memgan_tf.evaluation.trained_run import TrainedRun
from memgan_tf.evaluation.views import Views
from memgan_tf.report.heatmap_folder import INDEX_FILE, check_folder, remove_old
from memgan_tf.report.overlays import COLORS, MAP_LEGEND, draw_overlay, enlarge, to_color

SCALE_PICTURE = "scale.png"
# Minimum side of a picture, and the gap between two pictures, in pixels.
SIDE, GAP = 224, 8
# Largest longer side of a photograph as shown.
LONGEST = 1024
MAX_NAME = 60


@dataclasses.dataclass(frozen=True)
class HeatmapSource:
    """Scored images for heat-maps.

    Attributes:
        views: The images.
        names: One per image.
        scores: `(num_images,)`.
    """

    views: Views
    names: Sequence[str]
    scores: np.ndarray


def write_heatmaps(
    run: TrainedRun,
    source: HeatmapSource,
    groups: dict[str, np.ndarray],
    folder: pathlib.Path,
    scale: HeatScale,
) -> list[pathlib.Path]:
    """Writes one PNG file per image, `index.json` and a picture of the scale.

    A file `<group>_<rank>_<name>.png` has the image on the left, and on the right its anomaly map
    over it, with the outline of known defects. Heat-maps that were in the folder are replaced.

    Args:
        run: The run; its detector must have anomaly maps.
        source: The images.
        groups: Positions by name of the group; an image is written once, in its first group.
        folder: Folder to write to; made if it is missing.
        scale: Scale of the colors.

    Returns:
        The files of the images.

    Raises:
        ValueError: As `check_folder`.
    """
    check_folder(folder)
    outputs.make_folder(folder, "heatmaps")
    remove_old(folder)
    stems = _stems(groups, source.names)
    rows = [
        {"file": f"{stem}.png", "path": source.names[at], "anomaly_score": float(source.scores[at])}
        for at, stem in stems.items()
    ]
    # Written first, so that the folder counts as one of heat-maps if writing is interrupted.
    index = {"scale": dataclasses.asdict(scale), "images": rows}
    files.write_json(folder / INDEX_FILE, index)
    positions = np.array([*stems], int)
    for part, _, explained in explain_in_parts(run, source.views.images, positions):
        for position, values in zip(part, explained["anomaly_map"], strict=True):
            is_called = source.scores[position] > run.threshold
            picture = draw_pair(source.views, position, values, scale, is_called)
            _write_png(folder / f"{stems[position]}.png", _side_by_side(*picture))
    _draw_scale(folder / SCALE_PICTURE, scale)
    return [folder / row["file"] for row in rows]


def draw_pair(
    views: Views, position: int, values: np.ndarray, scale: HeatScale, is_called: bool
) -> tuple[np.ndarray, np.ndarray]:
    """An image, and its map over it, in the photograph's own pixels.

    Args:
        views: The images.
        position: Position of the image.
        values: Anomaly map of the image.
        scale: Scale of the colors.
        is_called: Whether it is called an anomaly; then the predicted regions are outlined.

    Returns:
        Two `(height, width, channels)` uint8 arrays.
    """
    image, heat = views.pixels(position, LONGEST), views.heat(position, values, LONGEST)
    predicted = heat > scale.top if is_called and views.originals is not None else None
    mask = views.mask(position, LONGEST)
    return image, draw_overlay(image, heat, scale, mask, predicted)


def write_most_anomalous(
    run: TrainedRun, source: HeatmapSource, folder: pathlib.Path, limit: int
) -> list[pathlib.Path]:
    """Writes heat-maps of the images with the highest scores, with the run's color scale.

    Args:
        run: The run.
        source: The images.
        folder: See `write_heatmaps`.
        limit: Largest number of images.

    Returns:
        The files of the images; empty if the detector has no anomaly maps.

    Raises:
        ValueError: If the run has no scale yet and its data is not available to make it, or as
            `check_folder`.
    """
    scale = heat_scale(run, lambda: _held_out_images(run))
    if scale is None:
        return []
    falling = np.argsort(-source.scores, kind="stable")[:limit]
    return write_heatmaps(run, source, {"rank": falling}, folder, scale)


def _held_out_images(run):
    try:
        data = choose_data(run.directory, run.config.data)
        task = load_task(data, run.config.training.seed, with_test=False)
    except ValueError as error:
        raise ValueError(
            f"`heatmaps` needs a color scale from the held-out images of the run's data, which is "
            f"not available: {error}. Run memgan report where the data is"
        ) from error
    return Views.of(task.validation)


def _stems(groups, names):
    """File name of each position, in its first group."""
    stems: dict[int, str] = {}
    for group, positions in groups.items():
        for rank, position in enumerate(positions, start=1):
            name = pathlib.PurePosixPath(names[position])
            last = "_".join((*name.parent.parts[-1:], name.stem))
            plain = re.sub(r"[^A-Za-z0-9-]+", "_", last)[-MAX_NAME:].strip("_")
            stems.setdefault(int(position), f"{group}_{rank:03d}_{plain}".rstrip("_"))
    return stems


def _side_by_side(image, overlay):
    left, right = (enlarge(to_color(picture), SIDE) for picture in (image, overlay))
    gap = np.full((len(left), GAP, 3), 255, np.uint8)
    return np.concatenate([left, gap, right], axis=1)


def _write_png(path, image):
    with files.replacing(path) as temporary:
        temporary.write_bytes(tf.io.encode_png(image).numpy())


def _draw_scale(path, scale):
    figure = Figure(figsize=(5, 1.1), layout="constrained")
    axes = figure.subplots()
    axes.imshow(
        np.linspace(0, 1, 256)[np.newaxis], cmap=COLORS, aspect="auto", extent=(0, scale.top, 0, 1)
    )
    axes.set(yticks=[], xlabel=MAP_LEGEND)
    with files.replacing(path) as temporary:
        figure.savefig(temporary, dpi=120, format="png")
