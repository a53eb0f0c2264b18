"""The tables of docs/reliability.md, made from the records in results/reliability.

python -m tests.reliability.tables
"""

import json
import pathlib
import re

ROOT = pathlib.Path(__file__).parents[2]
PAGE, RECORDS = ROOT / "docs" / "reliability.md", ROOT / "results" / "reliability"
COMMAND = "`python -m tests.reliability.{}`"
AGAIN = "the same command comes to the same bits"
LONGEST = 170


def fill(text, records=RECORDS):
    """A page with its tables made anew."""

    def table(match):
        rows = TABLES[match[1]](records)
        head, *body = [f"| {' | '.join(map(str, row))} |" for row in rows]
        lines = "\n".join([head, "|---" * len(rows[0]) + "|", *body])
        return f"<!-- reliability: {match[1]} -->\n{lines}\n<!-- end of results -->"

    return re.sub(
        r"<!-- reliability: (\w+) -->\n.*?<!-- end of results -->", table, text, flags=re.DOTALL
    )


def _read(records, name):
    return json.loads((records / f"{name}.json").read_text())


def _faults(records):
    rows = [["fault", "times tried", "times survived", "what the user sees", "command"]]
    for name, tally in _read(records, "kill")["commands"].items():
        verb, _, rest = name.partition(",")
        rows.append(
            [
                f"SIGKILL of `memgan {verb}`{',' * bool(rest)}{rest}",
                *_counts(tally),
                AGAIN,
                COMMAND.format("kill"),
            ]
        )
    for name, tally in _read(records, "faults")["faults"].items():
        counts = ("", "") if tally is None else _counts(tally)
        sees = "not possible on the machine of the record" if tally is None else _seen(tally)
        rows.append([name, *counts, sees, COMMAND.format("faults")])
    return rows


def _counts(tally):
    return tally["tried"], tally["survived"]


def _seen(tally):
    """A line without the names of places, short, as a cell of a table."""
    text = re.sub(r"[^\s']*seed_0", "RUN", tally["sees"])
    text = re.sub(r"…/\w+?/|/tmp/\S+?/", "…/", text)
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return f"`{text.replace('|', '/').replace('`', '')}`"


def _fuzz(records):
    rows = [["reader", "inputs tried", "refused in a line", "accepted", "failures", "slowest, s"]]
    tallies = _read(records, "fuzz")["readers"]
    for name, t in tallies.items():
        counts = [t["tried"], t["refused"], t["accepted"], len(t["failures"])]
        rows.append([name, *counts, t["slowest"]])
    sums = [sum(row[i] for row in rows[1:]) for i in range(1, 5)]
    return [*rows, ["all", *sums, max(row[5] for row in rows[1:])]]


def _soak(records):
    found = _read(records, "soak")
    rows = [
        ["what", "images", "wrong or changed scores", "memory, MiB: warm, end", "failures made"]
    ]
    for name, key in (("C API", "c_api"), ("Python", "python")):
        part = found[key]
        memory = f"{part['resident_mib_warm']}, {part['resident_mib_end']}"
        rows.append([name, part["images"], part["changed_scores"], memory, ""])
    client = found["client"]
    made = f"{client['injected_failures']} of {client['requests']} requests"
    return [*rows, ["client", client["images"], client["wrong_or_lost"], "", made]]


TABLES = {"faults": _faults, "fuzz": _fuzz, "soak": _soak}


if __name__ == "__main__":
    PAGE.write_text(fill(PAGE.read_text()))
