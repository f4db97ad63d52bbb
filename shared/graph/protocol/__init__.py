"""Graph's protocol without I/O: calls, answers, JSON, notifications. Reads no clock."""
