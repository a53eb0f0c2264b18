"""The data pipeline without a model: from memory, and from a file of pixels."""

import tempfile

from measure import peak_memory, per_second, ratios, spread, take_turns

from memgan_tf.data.pipeline import training_batches
from memgan_tf.data.stored_images import open_stored
from parts.common import make_trainer, settings, synthetic, table


def run(options):
    rows, seconds = [], {}
    for suite, shape in options.suites.items():
        config = settings(options, "memgan", shape, steps_per_call=options.steps(20))
        images, batch = synthetic(shape, 5000), config.training.batch_size
        trainer, step = make_trainer(config, images)
        with tempfile.NamedTemporaryFile() as file:
            images.tofile(file.name)
            stored = open_stored(file.name, images.shape, shape[2])
            variants = {
                "from memory": _turn(images, batch, trainer.model.draw, options.steps(20)),
                "from a file": _turn(stored, batch, trainer.model.draw, options.steps(20)),
                "step": step,
            }
            measured = take_turns(variants, options.rounds)
        for name in ("from memory", "from a file"):
            rate = per_second(batch * options.steps(20), measured[name])
            rows.append([suite, name, rate, spread(ratios(measured, name, "step"), 3)])
        seconds[suite] = measured
    columns = ["shapes", "images", "images/s", "time over the step's with its pipeline"]
    caption = f"Peak memory of the process {peak_memory():.2f} GiB."
    return {"tables": [table(columns, rows, caption)], "seconds": seconds}


def _turn(images, batch, draw, count):
    batches = iter(training_batches(images, batch, 0, 0, draw))

    def run():
        for _ in range(count):
            next(batches)

    return run
