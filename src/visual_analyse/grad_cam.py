"""`python -m visual_analyse.grad_cam`: why a model matched two walks."""

from visual_analyse.cli.grad_cam import command

if __name__ == "__main__":
    raise SystemExit(command())
