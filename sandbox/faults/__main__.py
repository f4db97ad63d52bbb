"""Prints the table of faults for docs/reliability.md."""

from sandbox.faults.table import table

if __name__ == "__main__":
    print(table())
