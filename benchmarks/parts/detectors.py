"""Training and scoring rates of all deep detectors, and of PyOD's three with as many weights."""

import time

import numpy as np
from measure import optional, per_second, ratios, spread, take_turns

from memgan_tf.config.registry import DEEP
from memgan_tf.detectors.registry import make_detector
from parts.common import make_trainer, settings, synthetic, table


def num_scored(name):
    """Number of images per turn of scoring; fewer for AnoGAN, which searches for each."""
    return 8 if name == "adgan" else 256


def run(options):
    tables, seconds = [], {}
    names = ("memgan", "memae") if options.quick else DEEP
    for suite, shape in options.suites.items():
        images, steps, scores, sizes = synthetic(shape, 512), {}, {}, {}
        for name in names:
            config = settings(options, name, shape, steps_per_call=options.steps(5))
            steps[name] = make_trainer(config, images)[1]
            sizes[name] = config.training.steps_per_call * config.training.batch_size
            detector = make_detector(config)
            detector.initialize(images[:64])
            part = images[: num_scored(name)]
            scores[name] = lambda detector=detector, part=part: detector.score(part)
        training = take_turns(steps, min(3, options.rounds))
        scoring = take_turns(scores, options.rounds)
        rows = [
            [
                name,
                settings(options, name, shape).training.batch_size,
                per_second(sizes[name], training[name]),
                spread(
                    [r * sizes["memgan"] / sizes[name] for r in ratios(training, name, "memgan")]
                ),
                per_second(num_scored(name), scoring[name]),
                spread(
                    [
                        r * num_scored("memgan") / num_scored(name)
                        for r in ratios(scoring, name, "memgan")
                    ]
                ),
            ]
            for name in names
        ]
        columns = [
            "detector",
            "batch",
            "trained images/s",
            "time an image over MEMGAN's",
            "scored images/s",
            "scoring time over MEMGAN's",
        ]
        tables.append(table(columns, rows, f"{suite}: {shape}, default presets."))
        seconds[suite] = {"training": training, "scoring": scoring}
    if optional("pyod"):
        tables.append(_pyod(options))
    else:
        print("PyOD is not installed, so its rows are left out")
    return {"tables": tables, "seconds": seconds}


def _pyod(options):
    """Rates of PyOD's networks, which have as many weights as ours, but use flat pixels."""
    shape = next(iter(options.suites.values()))
    images = synthetic(shape, 128 if options.quick else 2048)
    flat = images.reshape(len(images), -1).astype(np.float32) / 255
    rows = []
    for name, make in _pyod_makers(options, shape).items():
        config = settings(options, name, shape, steps_per_call=options.steps(20))
        trainer, step = make_trainer(config, images)
        weights = sum(np.prod(v.shape) for vs in trainer.model.players.values() for v in vs)
        hidden = max(4, round(weights / (2 * (flat.shape[1] + config.model.latent_dim))))
        batch = config.training.batch_size

        # PyOD's ALAD calls one batch an epoch.
        epochs = len(flat) // batch if name == "alad" else 1

        def fit(passes, make=make, hidden=hidden, config=config, batch=batch, epochs=epochs):
            started = time.perf_counter()
            make(hidden, config.model.latent_dim, passes * epochs, batch).fit(flat)
            return time.perf_counter() - started

        fit(1)
        step()
        found = []
        for _ in range(2 if options.quick else 3):
            started = time.perf_counter()
            step()
            ours = (time.perf_counter() - started) / (batch * config.training.steps_per_call)
            # The difference of two lengths excludes work that is done once.
            found.append((max(fit(3) - fit(1), 1e-9) / (2 * len(flat)), ours))
        rates = [[a for a, _ in found], [b for _, b in found]]
        rows.append([name, f"{weights:,}", batch, per_second(1, rates[1]), per_second(1, rates[0])])
        rows[-1].append(spread([a / b for a, b in found]))
    columns = ["method", "weights", "batch", "memgan_tf, images/s", "PyOD, images/s"]
    caption = (
        f"PyOD's networks are dense, on {flat.shape[1]} flat pixels, with about as many weights; "
        f"ours are convolutions, which compute more for each weight."
    )
    return table([*columns, "PyOD's time over ours"], rows, caption)


def _pyod_makers(options, shape):
    import torch
    from pyod.models.alad import ALAD
    from pyod.models.auto_encoder import AutoEncoder
    from pyod.models.deep_svdd import DeepSVDD

    torch.set_num_threads(options.threads)
    return {
        "dcae": lambda hidden, code, epochs, batch: AutoEncoder(
            hidden_neuron_list=[hidden, code], epoch_num=epochs, batch_size=batch, verbose=0
        ),
        "deep_svdd": lambda hidden, code, epochs, batch: DeepSVDD(
            n_features=int(np.prod(shape)),
            hidden_neurons=[2 * hidden, code],
            epochs=epochs,
            batch_size=batch,
            verbose=0,
        ),
        "alad": lambda hidden, code, epochs, batch: ALAD(
            latent_dim=code,
            enc_layers=[hidden // 3 + 1],
            dec_layers=[hidden // 3 + 1],
            disc_xx_layers=[hidden // 3 + 1],
            disc_xz_layers=[hidden // 3 + 1],
            disc_zz_layers=[hidden // 3 + 1],
            epochs=epochs,
            batch_size=batch,
            verbose=0,
        ),
    }
