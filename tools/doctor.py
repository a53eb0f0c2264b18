"""Checks an installation and shows how to fix problems."""

import os
import sys

from absl import flags

from memgan_tf.tools import health
from memgan_tf.tools.command import Command, run_as_script

DESCRIPTION = """Checks this installation and shows how to fix problems.

memgan doctor

Checks versions, write access and free space at --model_dir, data sets, image files, the serving
extra, TensorFlow with its devices, Keras and TensorBoard. ok: no problem. note: works, but good to
know. RED: must be fixed; the line below shows how. Exit code 1 if anything is RED."""
COLORS = {"ok": "32", "note": "33", "RED": "31"}


def define_flags(flag_values):
    """Defines this verb's flags."""
    options = {"flag_values": flag_values}
    flags.DEFINE_string("model_dir", "runs", "Folder for runs.", **options)
    flags.DEFINE_string("data_dir", None, "As in memgan train.", **options)


def run(flag_values):
    """Prints one line per finding, as soon as it is known."""
    colors = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    num_red = 0
    for finding in health.examine(flag_values.model_dir, flag_values.data_dir):
        num_red += finding.state == "RED"
        print(_format(finding, colors), flush=True)
    if num_red:
        raise RuntimeError(f"{num_red} RED; each has its fix in the line under it")
    print("Nothing is RED. Next: memgan demo")


def _format(finding, colors):
    state = f"{finding.state:<4}"
    if colors:
        state = f"\033[{COLORS[finding.state]}m{state}\033[0m"
    fix = f"\n      → {finding.fix}" if finding.fix else ""
    return f"{state}  {finding.name}: {finding.text}{fix}"


COMMAND = Command("doctor", DESCRIPTION, define_flags, run)

if __name__ == "__main__":
    run_as_script(COMMAND)
