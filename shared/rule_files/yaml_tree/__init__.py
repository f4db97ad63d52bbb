"""YAML text as a tree of nodes with positions."""
