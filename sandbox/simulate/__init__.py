"""A week of a large tenant: the product's real parts, storage held in memory, a clock that leaps."""
