"""The facts of an event that conditions test: its people, rooms, texts, links and times."""
