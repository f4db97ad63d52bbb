"""The code that functions, the command and the sandbox share."""
