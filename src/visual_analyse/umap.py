"""`python -m visual_analyse.umap`: where a model puts everyone."""

from visual_analyse.cli.umap import command

if __name__ == "__main__":
    raise SystemExit(command())
