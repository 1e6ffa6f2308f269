"""`python -m visual_analyse.pacmap`: where a model puts everyone."""

from visual_analyse.cli.pacmap import command

if __name__ == "__main__":
    raise SystemExit(command())
