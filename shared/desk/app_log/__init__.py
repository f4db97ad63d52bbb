"""Reads what the app logged: from the Log Analytics workspace, or from a file of lines."""
