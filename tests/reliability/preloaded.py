"""Everything slow to import that a verb needs, for the process that forks commands.

None of it is garbage, and none of it is copied when a child collects its own.
"""

import gc
import importlib

gc.disable()
for name in (
    "memgan_tf.fit",
    "memgan_tf.models.memgan",
    "memgan_tf.training.fitting",
    "memgan_tf.export.exporter",
    "memgan_tf.report.evaluate",
    "memgan_tf.report.page",
    "sklearn.datasets",
):
    importlib.import_module(name)
gc.freeze()
gc.enable()
