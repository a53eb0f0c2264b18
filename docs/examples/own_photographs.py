"""Your own photographs: train on a folder of good parts, sort a folder of new ones.

python docs/examples/own_photographs.py parts new_photos
"""

import argparse
import csv

import memgan_tf


def main(good, new, model_dir="runs", output="sorted.csv", **settings) -> list:
    """Writes the new photographs to `output`, the most anomalous first; returns their scores."""
    # Any folder layout that docs/folders.md names; or photographs of good parts alone.
    run = memgan_tf.train(f"folder:{good}", model_dir, **settings)
    print(run)

    files = run.score_files(new)
    found = sorted(files, key=lambda file: -file.anomaly_score)
    for path, reason in files.skipped:
        print(f"left out: {path}: {reason}")
    with open(output, "w", newline="", encoding="utf-8") as table:
        rows = csv.writer(table)
        # The region is the box around the largest anomalous place, x0,y0,x1,y1 in pixels of the
        # photograph: from column x0 up to x1 and from row y0 up to y1, both without the end. It is
        # empty for a normal photograph. PIL cuts it out: Image.open(path).crop(file.region.box)
        rows.writerow(["path", "anomaly_score", "p_value", "is_anomaly", "region", "region_area"])
        for file in found:
            area = file.region.area if file.region else None
            result = [file.anomaly_score, file.p_value, file.is_anomaly, file.region, area]
            rows.writerow([file.path, *result])
    print(f"{sum(file.is_anomaly for file in found)} of {len(found)} are anomalous: {output}")

    # A page with a verdict in words, heat-maps, and what was left out and why.
    print(run.report())
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("good", help="folder of photographs of good parts")
    parser.add_argument("new", help="folder of photographs to sort")
    parser.add_argument("--model_dir", default="runs")
    parser.add_argument("--output", default="sorted.csv")
    # For example file:backbone.keras, where the default network cannot be downloaded.
    parser.add_argument("--backbone", help="another backbone than the default, see backbones.md")
    given = vars(parser.parse_args())
    if given["backbone"] is None:
        del given["backbone"]
    main(**given)
