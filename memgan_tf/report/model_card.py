"""eval/model_card.md: describes the model, its use, its test and its limits."""

import pathlib
import re
from typing import Any

import jinja2
from markupsafe import Markup, escape

from memgan_tf import files
from memgan_tf.evaluation.card_facts import card_facts
from memgan_tf.report.commands import train_command
from memgan_tf.report.evaluate import METRIC_MEANINGS, title_of
from memgan_tf.report.findings import Findings
from memgan_tf.report.verdict import judge
from memgan_tf.text import printable

CARD_FILE = "model_card.md"


def write_model_card(findings: Findings) -> pathlib.Path:
    """Writes the card next to the report.

    Raises:
        OSError: If the folder cannot be written.
    """
    path = findings.run.directory.evaluation / CARD_FILE
    files.write_text(path, render_model_card(findings))
    return path


def render_model_card(findings: Findings) -> str:
    """The card in Markdown, with all names and paths escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("memgan_tf.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=plain_markdown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    run = findings.run
    card = environment.get_template("model_card.md").render(
        title=title_of(run),
        verdict=judge(findings),
        run=run,
        findings=findings,
        facts=findings.facts,
        card=card_facts(run, run.known_calibration()),
        meanings=METRIC_MEANINGS,
        command=code_block(train_command(run.directory, run.config)),
    )
    return card.rstrip("\n") + "\n"


def plain_markdown(value: Any) -> Markup:
    """A value as plain text on one line, without meaning in Markdown or HTML."""
    if isinstance(value, Markup):
        return value
    text = escape(printable(" ".join(str(value).split())))
    return Markup(re.sub(r"([\\`*_\[\]|~#])", r"\\\1", str(text).replace("&#39;", "'")))


def code_block(text: str) -> Markup:
    """A code block with a fence that the text cannot close."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    text = printable(text, keep="\n")
    fence = "`" * max(3, longest + 1)
    return Markup(f"{fence}sh\n{text}\n{fence}")
