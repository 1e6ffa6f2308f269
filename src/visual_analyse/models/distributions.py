"""What `pip install` calls the packages that gait models import, where that is not the name that is imported."""

from __future__ import annotations

from collections.abc import Mapping

DISTRIBUTIONS: Mapping[str, str] = {
    "cv2": "opencv-python-headless",  # gait models open no windows, and servers have no display for them
    "attr": "attrs",
    "clip": "git+https://github.com/openai/CLIP.git",
    "dateutil": "python-dateutil",
    "distutils": "setuptools",
    "faiss": "faiss-cpu",
    "git": "GitPython",
    "google": "protobuf",
    "MinkowskiEngine": "git+https://github.com/NVIDIA/MinkowskiEngine",
    "mpl_toolkits": "matplotlib",
    "PIL": "pillow",
    "pkg_resources": "setuptools",
    "pytorch_lightning": "pytorch-lightning",
    "segment_anything": "segment-anything",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "torch_geometric": "torch-geometric",
    "torch_scatter": "torch-scatter",
    "yaml": "PyYAML",
}


def pip_install(*names: str) -> str:
    """The one line that installs what is imported by these names.

    >>> pip_install("cv2", "kornia")
    'pip install kornia opencv-python-headless'
    """
    return "pip install " + " ".join(sorted({DISTRIBUTIONS.get(name, name) for name in names}))
