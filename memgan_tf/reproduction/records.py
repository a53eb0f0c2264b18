"""Records of finished runs, one small JSON file each; all tables are made from them."""

import dataclasses
import json
import pathlib
from typing import Any

from memgan_tf import files
from memgan_tf.config import DETECTORS, PRESET_NAMES
from memgan_tf.validation import check_choice, check_integer, check_real

SUITES = {"mnist": 10, "cifar10": 10, "digits": 10}


@dataclasses.dataclass(frozen=True, order=True)
class Cell:
    """One run of the grid.

    Attributes:
        suite: Data set, a key of `SUITES`.
        detector: Registered name of the method.
        variant: Preset with its overrides, if any, such as `default` or `paper+num_units=25`.
        normal_class: Label that counts as normal.
        seed: Seed of the run.
    """

    suite: str
    detector: str
    variant: str
    normal_class: int
    seed: int

    def __post_init__(self):
        check_choice("suite", self.suite, SUITES)
        check_choice("detectors", self.detector, DETECTORS)
        check_choice("preset", self.preset, PRESET_NAMES)
        check_integer("classes", self.normal_class, 0, SUITES[self.suite] - 1)
        check_integer("seeds", self.seed, 0)

    @property
    def preset(self) -> str:
        """The preset of the variant."""
        return self.variant.partition("+")[0]

    @property
    def overrides(self) -> list[str]:
        """The overrides of the variant, each as `name=value`."""
        return self.variant.split("+")[1:]

    @property
    def place(self) -> pathlib.PurePath:
        """`<variant>/<detector>/<suite>/<class>/seed_<seed>`, below a folder of runs or records."""
        return pathlib.PurePath(
            self.variant, self.detector, self.suite, str(self.normal_class), f"seed_{self.seed}"
        )

    def record_path(self, results_dir: pathlib.Path) -> pathlib.Path:
        """The file of the cell's record."""
        return results_dir / self.place.with_suffix(".json")

    def __str__(self):
        return f"{self.detector} {self.variant} {self.suite} {self.normal_class} seed {self.seed}"


def read_records(results_dir: pathlib.Path) -> dict[Cell, dict[str, Any]]:
    """All records below a folder, with `unfitted` if that of an unfitted copy is next to it.

    Raises:
        ValueError: If a file is not a record.
    """
    records = {}
    for path in sorted(results_dir.glob("*/*/*/*/seed_*.json")):
        variant, detector, suite, normal_class, name = path.relative_to(results_dir).parts
        try:
            seed = int(pathlib.PurePath(name).stem.removeprefix("seed_"))
            record = files.read_json(path)
            check_real("auroc", record["metrics"]["auroc"], minimum=0.0, maximum=1.0)
            unfitted = path.with_name(f"unfitted_{seed}.json")
            if unfitted.exists():
                record["unfitted"] = files.read_json(unfitted)
            cell = Cell(suite, detector, variant, int(normal_class), seed)
        except files.DAMAGE as error:
            raise ValueError(f"{path} is not a record: {files.first_line(error)}") from error
        records[cell] = record
    return records


def paper_tables() -> dict[str, Any]:
    """The paper's Tables 1 to 3 as numbers: `[suite][detector][class] = [mean, deviation]`."""
    path = pathlib.Path(__file__).with_name("paper_tables.json")
    return json.loads(path.read_text(encoding="utf-8"))
