"""The door to pictures of results: `python -m visual_analyse.visualizer visual_gradcam NPZ_PATH`."""

from visual_analyse.cli.visualizer import main

if __name__ == "__main__":
    raise SystemExit(main())
