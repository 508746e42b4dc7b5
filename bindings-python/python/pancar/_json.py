"""A hook for values that have no JSON form."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import os
import uuid
from collections.abc import Mapping, Set
from typing import Any


def jsonable(value: Any) -> Any:
    """For the option ``default``: common values of the standard library as JSON has them.

    Dates and times in ISO 8601, a timedelta in seconds, UUID, Decimal and paths as text, an Enum as its value,
    dataclasses and other mappings as objects, sets as lists. Raises TypeError for anything else.
    """
    if isinstance(value, enum.Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, (uuid.UUID, decimal.Decimal)):
        return str(value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Set):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
