"""The values that everybody speaks in: pure, frozen, without I/O or clock."""
