"""Sends images to a server in batches."""

import numpy as np

from memgan_tf.data.stored_images import Images
from memgan_tf.progress_bar import progress
from memgan_tf.serving.client import Client
from memgan_tf.validation import check_integer


def score_images(client: Client, images: Images, batch_size: int) -> dict[str, np.ndarray]:
    """Scores any number of images, with a progress bar on a terminal.

    Args:
        client: Client of the server.
        images: `(num_images, height, width, channels)`, 0 to 255, at least one.
        batch_size: Images per request.

    Returns:
        `anomaly_score`, `p_value`, `is_anomaly` and `threshold`, each `(num_images,)`.

    Raises:
        RequestRefused, ServerUnavailable: As `Client.score`; the message names the images.
    """
    check_integer("batch_size", batch_size, minimum=1)
    parts = []
    with progress(None, "scoring", len(images)) as bar:
        for start in range(0, len(images), batch_size):
            batch = images[start : start + batch_size]
            try:
                parts.append(client.score(batch))
            except (RuntimeError, ValueError) as error:
                last = start + len(batch) - 1
                raise type(error)(f"{error}; the request held images {start} to {last}") from error
            bar.update(len(batch))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
