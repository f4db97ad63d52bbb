"""`python -m cli`, where `joinlink` is not installed."""

from cli.app import main

main()
