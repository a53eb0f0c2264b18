"""Fields of configuration dataclasses with help, bounds and choices."""

import dataclasses
import types
import typing
from typing import Any, ClassVar, cast

from memgan_tf import validation


def option(
    default: Any,
    description: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[str, ...] | None = None,
) -> Any:
    """A dataclass field with a rule for `check` and a help text for its flag."""
    return dataclasses.field(
        default=default,
        metadata={
            "description": description,
            "minimum": minimum,
            "maximum": maximum,
            "choices": choices,
        },
    )


def field_type(field: dataclasses.Field) -> tuple[type, bool]:
    """The type of a field's values, and whether None is also allowed.

    A field that takes integers and strings has the type `str`, like the value of a flag.
    """
    if isinstance(field.type, types.UnionType):
        kinds = [kind for kind in typing.get_args(field.type) if kind is not type(None)]
        return kinds[-1], True
    return cast(type, field.type), False


def check(field: dataclasses.Field, value: Any) -> Any:
    """Returns `value`, converted to the field's type.

    Raises:
        ValueError: If it breaks the field's rule.
    """
    kind, optional = field_type(field)
    if value is None and optional:
        return None
    bounds = {name: field.metadata[name] for name in ("minimum", "maximum")}
    if kind is int or (_takes_integers(field) and not isinstance(value, str)):
        return validation.check_integer(field.name, value, **bounds)
    if kind is float:
        return validation.check_real(field.name, value, **bounds)
    if kind is bool:
        return validation.check_choice(field.name, value, (True, False))
    if not isinstance(value, str):
        raise ValueError(
            f"`{field.name}` must be a string. {validation.received(field.name, value)}"
        )
    if field.metadata["choices"]:
        return validation.check_choice(field.name, value, field.metadata["choices"])
    return value


def _takes_integers(field):
    return int in typing.get_args(field.type)


class Checked:
    """Base of the configuration dataclasses; checks every field on creation."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def __post_init__(self):
        for field in self.describe().values():
            object.__setattr__(self, field.name, check(field, getattr(self, field.name)))

    @classmethod
    def describe(cls) -> dict[str, dataclasses.Field]:
        """The fields by name."""
        return {field.name: field for field in dataclasses.fields(cls)}
