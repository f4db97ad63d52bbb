"""The triggers: thin. Parse, call, log, answer."""
