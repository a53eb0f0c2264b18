"""How the weights of `--backbone=builtin` are made."""
