"""`python -m visual_analyse COMMAND ...`."""

from visual_analyse.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
