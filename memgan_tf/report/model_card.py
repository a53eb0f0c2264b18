"""eval/model_card.md: what the model is, for whom, how it was tested, what it does not know."""

from memgan_tf.report.findings import Findings


def write_model_card(findings: Findings) -> None:
    """Writes the card."""
