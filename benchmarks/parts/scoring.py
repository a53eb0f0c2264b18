"""MEMGAN's scores per second, compared with PyTorch and with the step's forward share."""

from measure import optional, per_second, ratios, spread, take_turns, torch_device

from parts.common import make_trainer, settings, synthetic, table
from parts.layers import forward_multiplications, step_operations


def run(options):
    rows, seconds = [], {}
    for suite, shape in options.suites.items():
        config = settings(options, "memgan", shape, steps_per_call=options.steps(20))
        images = synthetic(shape, 16 if options.quick else 1024)
        measured = _measure(config, images, options)
        forward = forward_multiplications(config)
        share = 2 * (forward["encoder"] + forward["generator"]) / step_operations(config)
        taken = config.training.steps_per_call * config.training.batch_size
        of_step = [
            (score / len(images)) / (step / taken)
            for score, step in zip(measured["memgan_tf"], measured["step"], strict=True)
        ]
        for name in measured:
            if name != "step":
                ratio = spread(ratios(measured, name, "memgan_tf"))
                rows.append([suite, name, per_second(len(images), measured[name]), ratio, "", ""])
        rows[-len(measured) + 1][4:] = [spread(of_step), f"{share:.2f}"]
        seconds[suite] = measured
    columns = [
        "shapes",
        "scoring",
        "images/s",
        "time over memgan_tf's",
        "time over a training step's, an image",
        "E's and G's forward share of the step's operations",
    ]
    return {"tables": [table(columns, rows)], "seconds": seconds}


def _measure(config, images, options):
    from memgan_tf.detectors.registry import make_detector

    detector, (_, step) = make_detector(config), make_trainer(config, images)
    detector.initialize(images)
    variants = {"memgan_tf": lambda: detector.score(images)}
    if optional("torch"):
        import torch

        from parts.torch_memgan import TorchMemgan

        torch.set_num_threads(options.threads)
        for name, last in (("PyTorch", False), ("PyTorch, channels last", True)):
            model = TorchMemgan(config, images, channels_last=last, device=torch_device())
            variants[name] = lambda model=model: model.score(images)
    variants["step"] = step
    return take_turns(variants, options.rounds)
