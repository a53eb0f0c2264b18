"""The one form in which all verbs list their flags."""

import re
import textwrap
from collections.abc import Collection

from absl import flags

WIDTH = 100
# Prefix that absl puts before the text of a flag with choices.
CHOICES = re.compile(r"^<([^>]*)>: ")
# Flags that absl adds to every program.
SPECIAL = {
    "flagfile": "File with flags, one per line.",
    "undefok": "Names of flags, with commas, that are ignored if the verb has no such flag.",
}


def entry(head: str, text: str) -> str:
    """A flag, and its text indented below it."""
    body = textwrap.wrap(" ".join(text.split()), WIDTH - 6)
    return "\n".join([f"  {head}", *(f"      {line}" for line in body)])


def flag_entry(flag: flags.Flag, is_required: bool = False) -> str:
    """The entry of a flag: its text, its choices unless the text has them, and its default."""
    head = f"--[no]{flag.name}" if flag.boolean else f"--{flag.name}"
    found = CHOICES.match(flag.help)
    text = CHOICES.sub("", flag.help)
    choices = found[1].split("|") if found else []
    if not all(choice in text for choice in choices):
        text += f" One of {', '.join(choices)}."
    if is_required:
        text += " Required."
    default = _shown(flag.default)
    if default and "Default:" not in text:
        text += f" Default: {default}."
    return entry(head, text)


def list_flags(flag_values: flags.FlagValues, required: Collection[str] = ()) -> list[str]:
    """The entries of all flags, in the order of their definition."""
    own = [name for name in flag_values if name not in SPECIAL]
    listed = [flag_entry(flag_values[name], name in required) for name in own]
    return [*listed, *(entry(f"--{name}", text) for name, text in SPECIAL.items())]


def _shown(default):
    """A default as on the command line; empty if it says nothing."""
    if default in (None, False, "") or default == []:
        return ""
    if isinstance(default, list):
        return ",".join(map(str, default))
    return str(default).lower() if isinstance(default, bool) else str(default)
