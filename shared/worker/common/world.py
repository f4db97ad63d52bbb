"""Time and chance, passed in: product code never asks the machine for them itself."""

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class World:
    """What the outside gives: the aware UTC time, a random number between two, a new id."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    uniform: Callable[[float, float], float] = random.uniform
    new_id: Callable[[], str] = lambda: uuid.uuid4().hex
