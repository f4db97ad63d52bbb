"""Whether everything works, for the health page and `joinlink status`."""
