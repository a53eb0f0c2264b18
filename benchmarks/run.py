"""Measures speed, and fills the tables of a page with the results.

    python benchmarks/run.py --page=docs/benchmarks.md

Each part runs in a separate process and writes a record, `<part>.json`, to the records' folder.
A page's tables are between `<!-- benchmark: <part> -->` and `<!-- end of benchmark -->`.
PyTorch, PyOD and anomalib come with the extra `benchmark`; without them their rows are left out.
"""

import importlib
import json
import os
import pathlib
import re
import subprocess
import sys

from absl import app, flags

PARTS = (
    "steps",
    "layers",
    "profile",
    "scoring",
    "pipeline",
    "startup",
    "training",
    "growth",
    "growth_photographs",
    "precision",
    "detectors",
    "backbones",
    "photographs",
    "frozen",
    "decoding",
)
# Parts that need a GPU; they are measured only if requested by name.
GPU_PARTS = ("gpu",)
FLAGS = flags.FLAGS
flags.DEFINE_list("parts", list(PARTS), f"Parts to measure, of {', '.join(PARTS + GPU_PARTS)}.")
flags.DEFINE_string("output", "results/benchmarks", "Folder of the records.")
flags.DEFINE_string("page", None, "Markdown page whose tables are filled from the records.")
flags.DEFINE_bool("quick", False, "Tiny networks and two rounds, to check that it runs.")
flags.DEFINE_integer("rounds", 7, "Rounds in which the variants take turns.", lower_bound=1)
flags.DEFINE_integer("threads", os.cpu_count(), "Threads of every library.", lower_bound=1)
flags.DEFINE_string("data_dir", "", "Folder of prepared data sets. If absent, images are noise.")
flags.DEFINE_string("photographs", "", "Folder with train/ of photographs. If absent, noise.")
flags.DEFINE_string("backbone", "", "Backbone of photographs. If absent, random weights.")
flags.DEFINE_string("code", "", "Version of the code, for the records. Default: Git's.")
flags.DEFINE_string("worker", None, "Used by the program itself.")


def main(argv):
    del argv
    known = PARTS + GPU_PARTS
    if unknown := set(FLAGS.parts) - set(known):
        print(f"error: `parts` must be of {', '.join(known)}. Received: {unknown}", file=sys.stderr)
        sys.exit(1)
    records = pathlib.Path(FLAGS.output)
    if FLAGS.worker:
        measure(FLAGS.worker, records)
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Each library reads them on import.
    os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["OMP_NUM_THREADS"] = str(FLAGS.threads)
    failed = []
    for part in FLAGS.parts:
        print(f"{part} …", flush=True)
        command = [sys.executable, __file__, *sys.argv[1:], f"--worker={part}"]
        if subprocess.run(command, check=False).returncode:
            failed.append(part)
    if FLAGS.page:
        page = pathlib.Path(FLAGS.page)
        page.write_text(fill(page.read_text(encoding="utf-8"), records), encoding="utf-8")
    if failed:
        print(f"error: failed: {', '.join(failed)}", file=sys.stderr)
        sys.exit(1)


def measure(part, records):
    """Runs a part and writes its record."""
    from measure import describe_machine, optional

    # Imported before TensorFlow, whose CUDA symbols PyTorch would otherwise call.
    if (torch := optional("torch")) and torch.cuda.is_available():
        torch.cuda.get_device_properties(0)
    from parts.common import Options

    rounds = 2 if FLAGS.quick else FLAGS.rounds
    given = (FLAGS.data_dir, FLAGS.photographs, FLAGS.backbone)
    options = Options(FLAGS.quick, rounds, FLAGS.threads, *given)
    machine = describe_machine(FLAGS.threads, FLAGS.code)
    record = {"machine": machine, **importlib.import_module(f"parts.{part}").run(options)}
    records.mkdir(parents=True, exist_ok=True)
    text = json.dumps(record, indent=1, ensure_ascii=False, default=float)
    (records / f"{part}.json").write_text(text + "\n", encoding="utf-8")
    print(render(record), flush=True)


def fill(text, records):
    """The page with each marked table made again from its record."""

    def replace(match):
        path = records / f"{match[1]}.json"
        if not path.exists():
            return match[0]
        body = render(json.loads(path.read_text(encoding="utf-8")))
        return f"<!-- benchmark: {match[1]} -->\n{body}\n<!-- end of benchmark -->"

    pattern = r"<!-- benchmark: ([\w/]+) -->\n.*?<!-- end of benchmark -->"
    return re.sub(pattern, replace, text, flags=re.DOTALL)


def render(record):
    """A record's tables in Markdown, with the machine below them."""
    blocks = []
    for table in record["tables"]:
        lines = [table["caption"], ""] if table["caption"] else []
        lines += [_row(table["columns"]), _row(["---"] * len(table["columns"]))]
        blocks.append("\n".join([*lines, *map(_row, table["rows"])]))
    machine = ", ".join(f"{name} {value or 'none'}" for name, value in record["machine"].items())
    return "\n\n".join([*blocks, f"*{machine}*"])


def _row(cells):
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    app.run(main)
