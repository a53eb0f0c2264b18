"""Tables of a page from the records."""

import pathlib

from memgan_tf import files
from memgan_tf.reproduction.tables import to_markdown

TITLES = {
    "present": "`memgan_plus`",
    "part": "with the part `patches`",
    "patches": "the chosen variant",
    "pca": "`pca`",
}
SCORE, SHOWN = "local", "smoothed"


def synthetic_table(results_dir):
    """AUROC and AUPRO of each variant on synthetic anomalies, by set."""
    records = _read(results_dir, "variants.json")
    found = {name: record["synthetic"] for name, record in records.items()}
    rows = []
    for variant in next(iter(found.values())):
        cells = [cell for variants in found.values() for cell in _synthetic(variants[variant])]
        rows.append([TITLES.get(variant, variant), *cells])
    heading = [f"{name}, {figure}" for name in found for figure in ("AUROC", "AUPRO")]
    return to_markdown([["what", *heading], *rows])


def _synthetic(figures):
    if "scores" in figures:
        figures = {"auroc": figures["scores"][SCORE], "aupro": figures["maps"][SHOWN]["aupro"]}
    return [_percent(figures[name]) for name in ("auroc", "aupro")]


def test_table(results_dir):
    """Figures on test images, by set."""
    heading = ["set", "what", "AUROC", "found", "false alarms", "pixel AUROC", "AUPRO"]
    rows = [
        [
            name,
            title,
            _percent(record[which]["auroc"]),
            "{found} of {num_anomalies}".format(**record[which]),
            "{false_alarms} of {num_normal}".format(**record[which]),
            *(_percent(record[which][figure]) for figure in ("pixel_auroc", "aupro")),
        ]
        for name, record in _read(results_dir, "test.json").items()
        for which, title in TITLES.items()
    ]
    return to_markdown([heading, *rows])


def fill(text, results_dir):
    """A page with both tables between their marks."""
    tables = {"own_patches": synthetic_table, "own_patches test": test_table}
    for name, make in tables.items():
        mark, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        before, _, rest = text.partition(mark)
        _, _, after = rest.partition(end)
        text = f"{before}{mark}\n{make(results_dir)}\n{end}{after}"
    return text


def _percent(value):
    return f"{100 * value:.1f}"


def _read(results_dir, name):
    """Records by set."""
    paths = sorted(pathlib.Path(results_dir).glob(f"*/{name}"))
    return {path.parent.name: files.read_json(path) for path in paths}
