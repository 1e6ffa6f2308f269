"""`python -m visual_analyse.pca`: where a model puts everyone."""

from visual_analyse.cli.pca import command

if __name__ == "__main__":
    raise SystemExit(command())
