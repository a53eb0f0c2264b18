"""Runs a grid of detectors, classes and seeds, and makes tables from the records."""

import os
import pathlib
import signal

from absl import flags

from memgan_tf import files, outputs
from memgan_tf.config import PRESET_NAMES
from memgan_tf.nearby import list_nearby
from memgan_tf.text import counted
from memgan_tf.tools import streams
from memgan_tf.tools.command import Command, run_as_script
from memgan_tf.validation import check_integer

DESCRIPTION = """Runs a grid of detectors, classes and seeds, and makes tables from the records.

memgan benchmark --suite=digits --detectors=memgan --classes=0,1 --seeds=0,1

Runs the cells without a record, each in a process with one thread that resumes what is on disk. A
failed cell is noted, and the others continue. You may stop it at any time. Several machines may
share the folders. Writes <results_dir>/<suite>.csv, .md and .html."""


def define_flags(flag_values):
    """Defines this verb's flags."""
    options = {"flag_values": flag_values}
    flags.DEFINE_enum("suite", None, ["mnist", "cifar10", "digits"], "Data set.", **options)
    flags.DEFINE_list("detectors", ["memgan"], "Methods.", **options)
    flags.DEFINE_list("classes", [str(c) for c in range(10)], "Normal classes.", **options)
    flags.DEFINE_list("seeds", ["0", "1", "2"], "Seeds.", **options)
    flags.DEFINE_enum("preset", "default", list(PRESET_NAMES), "Preset.", **options)
    flags.DEFINE_multi_string(
        "override", [], "A setting of every cell, such as num_units=25.", **options
    )
    flags.DEFINE_integer("jobs", os.cpu_count(), "Number of cells that run in parallel.", **options)
    flags.DEFINE_string("model_dir", "runs", "Folder of the runs.", **options)
    flags.DEFINE_string("results_dir", "results", "Folder of records and tables.", **options)
    flags.DEFINE_string("data_dir", None, "As in memgan train.", **options)
    flags.DEFINE_string(
        "backbone", None, "As in memgan train, for detectors on features.", **options
    )
    flags.DEFINE_multi_string(
        "page", [], "Markdown page whose marked tables are filled from the records.", **options
    )
    flags.DEFINE_bool("tables_only", False, "Only make the tables, from the records.", **options)


def run(flag_values):
    """Checks the grid, runs it, writes the tables."""
    from memgan_tf.reproduction.grid import Grid
    from memgan_tf.reproduction.marked_tables import fill_page
    from memgan_tf.reproduction.records import Cell, read_records
    from memgan_tf.reproduction.summaries import summarize
    from memgan_tf.reproduction.tables import mixed_versions, write_tables

    cells = [
        Cell(
            flag_values.suite,
            detector,
            "+".join([flag_values.preset, *flag_values.override]),
            _integer("classes", normal_class),
            _integer("seeds", seed),
        )
        for seed in flag_values.seeds
        for detector in flag_values.detectors
        for normal_class in flag_values.classes
    ]
    jobs = check_integer("jobs", flag_values.jobs, minimum=1)
    results_dir, failed = pathlib.Path(flag_values.results_dir), []
    _check_outputs(flag_values)
    if not flag_values.tables_only:
        # SIGTERM stops the grid like Ctrl-C.
        signal.signal(signal.SIGTERM, streams.Raising())
        model_dir = pathlib.Path(flag_values.model_dir)
        backbone = flag_values.backbone
        grid = Grid(model_dir, results_dir, flag_values.data_dir, jobs, backbone=backbone)
        try:
            failed = grid.run(cells)
        except KeyboardInterrupt as error:
            raise type(error)("stopped; the same command continues from there") from None
    records = read_records(results_dir)
    summaries = summarize(records, flag_values.suite)
    if summaries or not failed:
        paths = write_tables(records, flag_values.suite, results_dir)
        for page in map(pathlib.Path, flag_values.page):
            files.write_text(page, fill_page(page.read_text(encoding="utf-8"), records))
        print("Tables: " + ", ".join(map(str, paths)))
    for line in mixed_versions(summaries):
        print(line)
    if failed:
        count = counted(len(failed), "cell", "cells")
        raise RuntimeError(
            f"{count} failed, {failed[0]} first; see the .failed files in {results_dir}"
        )


def _check_outputs(flag_values):
    """Makes the folders, and checks before the hours of a grid what is written after them."""
    outputs.make_folder(flag_values.results_dir, "results_dir")
    if not flag_values.tables_only:
        outputs.make_folder(flag_values.model_dir, "model_dir")
    for page in flag_values.page:
        if not pathlib.Path(page).is_file():
            raise ValueError(
                f"`page` must name a Markdown page. Received: {page}{list_nearby(page)}"
            )
        outputs.check_output(page, "page")


def _integer(name, text):
    try:
        return int(text)
    except ValueError as error:
        raise ValueError(f"`{name}` must be integers, a,b,c. Received: {text}") from error


COMMAND = Command("benchmark", DESCRIPTION, define_flags, run, required=("suite",))

if __name__ == "__main__":
    run_as_script(COMMAND)
