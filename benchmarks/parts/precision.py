"""bfloat16 and XLA against the plain step, and by the size of the image."""

from measure import per_second, ratios, spread, take_turns

from parts.common import make_trainer, settings, synthetic, table

VARIANTS = {
    "float32": {},
    "--mixed_precision": {"mixed_precision": True},
    "--jit_compile": {"jit_compile": True},
    "both": {"mixed_precision": True, "jit_compile": True},
}


def run(options):
    shapes = {(8, 8, 1): 1} if options.quick else {(28, 28, 1): 10, (32, 32, 3): 5, (96, 96, 3): 1}
    rows, seconds = [], {}
    for shape, steps in shapes.items():
        count, variants = 0, {}
        for name, overrides in VARIANTS.items():
            config = settings(options, "memgan", shape, steps_per_call=steps, **overrides)
            variants[name] = make_trainer(config, synthetic(shape, 256))[1]
            count = steps * config.training.batch_size
        measured = take_turns(variants, min(4, options.rounds))
        for name, values in measured.items():
            ratio = spread(ratios(measured, name, "float32"))
            rows.append([shape, config.training.batch_size, name, per_second(count, values), ratio])
        seconds[str(shape)] = measured
    columns = ["shape", "batch", "flags", "images/s", "time over float32's"]
    return {"tables": [table(columns, rows)], "seconds": seconds}
