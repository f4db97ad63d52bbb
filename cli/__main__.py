"""The way in of `joinlink` and of `python -m cli`, where it is not installed."""

import sys


def main() -> None:
    """Run the command. Ctrl-C ends it without a traceback from the first moment on."""
    try:
        from cli.app import main as run  # noqa: PLC0415 -- it takes a moment, in which Ctrl-C may come

        run()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
