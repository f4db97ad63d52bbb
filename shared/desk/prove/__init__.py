"""Answers on a real tenant what Microsoft's documentation leaves open: `joinlink prove`, docs/unproven.md."""
