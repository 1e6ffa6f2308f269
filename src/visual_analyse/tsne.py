"""`python -m visual_analyse.tsne`: where a model puts everyone."""

from visual_analyse.cli.tsne import command

if __name__ == "__main__":
    raise SystemExit(command())
