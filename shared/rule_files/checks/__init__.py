"""What is legal but probably not intended: contradictions, rules that are never reached."""
