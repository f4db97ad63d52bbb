"""The triggers. Each only parses, calls `shared`, logs and answers."""
