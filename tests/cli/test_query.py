"""What bin/query prints, draws and says to errors."""

import json
import os
import subprocess
import sys
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image
from serving.client_fakes import SIGNATURES as FAKE_SIGNATURES
from serving.client_fakes import FakeModel, answer, grpc_server, rest_server

from tfdisent.evaluation.figures.mosaic import GAP
from tfdisent.serving.status import Code, ServingError

# Runs commands, each in a fork: to import them takes a second.
FORKS = """
import json, os, sys, traceback
from tfdisent.cli import main, query
for line in sys.stdin:
    child = os.fork()
    if not child:
        try:
            folder, sys.argv = json.loads(line)
            os.chdir(folder)
            for n, name in ((1, "stdout"), (2, "stderr")):
                os.dup2(os.open(name, os.O_CREAT | os.O_WRONLY), n)
            main.run(query.main, query.help_text)
        except SystemExit as end:
            sys.stdout.flush()
            os._exit(end.code or 0)
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(99)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""
EDGE = 14  # Pixels of paper around pictures.
PIXELS = np.array([[0, 51], [102, 255]], np.uint8)
IMAGE = (PIXELS / np.float32(255))[None, ..., None]


@pytest.fixture(scope="module")
def served():
    """A model over both protocols."""
    model = FakeModel()
    with grpc_server(model) as port, rest_server(model) as rest_port:
        yield model, f"localhost:{port}", f"http://localhost:{rest_port}"


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture(scope="module")
def forks():
    with subprocess.Popen(
        [sys.executable, "-c", FORKS],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as process:
        yield process
        process.stdin.close()


@pytest.fixture
def query(served, forks, tmp_path):
    """Runs the command in a folder with an image."""
    Image.fromarray(PIXELS).save(tmp_path / "image.png")
    Image.new("L", (6, 4), 128).save(tmp_path / "large.png")
    (tmp_path / "config.json").write_text('{"model": "from_the_run"}')
    (tmp_path / "token").write_text("s3cret\n")
    model, address, _ = served
    model.__init__()

    def run(*arguments, server=address, name="--model=m"):
        command = ["query", name, f"--server={server}", *arguments]
        said = [tmp_path / "stdout", tmp_path / "stderr"]
        for path in said:
            path.write_text("")
        print(json.dumps([str(tmp_path), command]), file=forks.stdin)
        code = int(forks.stdout.readline())
        return Done(code, *(path.read_text() for path in said))

    run.folder, run.model = tmp_path, model
    return run


def tiles(path, rows, columns, top=EDGE):
    """The middle pixel of each image pixel: [rows, columns, 2, 2] in 0..255."""
    picture = np.asarray(Image.open(path).convert("L"), int)
    picture = picture[top:-EDGE, EDGE:-EDGE]
    height = (picture.shape[0] + GAP) // rows
    width = (picture.shape[1] + GAP) // columns
    size = width - GAP
    assert height == width and size % 2 == 0
    middle = np.array([size // 4, 3 * size // 4])
    return np.array(
        [
            [
                picture[np.ix_(r * height + middle, c * width + middle)]
                for c in range(columns)
            ]
            for r in range(rows)
        ]
    )


def shown(images):
    return np.clip(images[..., 0], 0, 1) * 255


def assert_shows(found, images):
    np.testing.assert_allclose(found, shown(images), atol=1)


@pytest.mark.parametrize("protocol", ["grpc", "rest"])
def test_encode_prints_a_table_or_json(query, served, protocol):
    server = served[1 if protocol == "grpc" else 2]
    said = answer("encode", images=IMAGE)
    done = query("encode", "image.png", server=server)
    assert (done.returncode, done.stderr) == (0, "")
    title, head, *rows = done.stdout.splitlines()
    assert (title, head.split()) == ("image.png", ["latent", "mean", "stddev"])
    table = np.array([row.split() for row in rows], float)
    expected = np.stack([[0, 1, 2], said["mean"][0], said["stddev"][0]], axis=1)
    np.testing.assert_allclose(table, expected, atol=5e-5)
    done = query("--json", "encode", "image.png", "image.png", server=server)
    read = json.loads(done.stdout)
    for key, array in said.items():
        np.testing.assert_allclose(read[key], np.tile(array, (2, 1)))


def test_decode_draws_codes(query):
    done = query("decode", "--", "-1,0.5,3", "0,1,0")
    assert done.stdout == "pictures  decode.png\n", done.stderr
    codes = np.array([[-1, 0.5, 3], [0, 1, 0]], np.float32)
    images = answer("decode", codes=codes)["images"]
    assert_shows(tiles(query.folder / "decode.png", 1, 2), images[None])


def test_reconstruct_draws_both(query):
    done = query("reconstruct", "image.png", "--output=new/both.png")
    assert done.stdout == "pictures  new/both.png\n", done.stderr
    rows = np.stack([IMAGE, answer("reconstruct", images=IMAGE)["images"]])
    assert_shows(tiles(query.folder / "new/both.png", 2, 1), rows)


@pytest.mark.parametrize(
    "start, codes",
    [
        ([], [[0, 0, 0]]),
        (["--", "-1,2,3"], [[-1, 2, 3]]),
        (["image.png"], answer("encode", images=IMAGE)["mean"]),
    ],
)
def test_traverse_draws_a_strip(query, start, codes):
    done = query("traverse", "--latent=1", "--values=-1:7:5", *start)
    assert done.stdout == "pictures  traverse.png\n", done.stderr
    images = answer(
        "traverse",
        codes=np.array(codes, np.float32),
        latent=np.array([1]),
        values=np.array([[-1, 1, 3, 5, 7]], np.float32),
    )["images"]
    path = query.folder / "traverse.png"
    top = Image.open(path).height - EDGE - tile_size(path, 5)
    assert top > EDGE  # for the numbers
    assert_shows(tiles(path, 1, 5, top), images)


def tile_size(path, columns):
    width = Image.open(path).width - 2 * EDGE
    return (width + GAP) // columns - GAP


def test_values_may_be_listed(query):
    query("traverse", "--latent=1", "--values=-1,2.5")
    (_, inputs), *_ = query.model.asked
    np.testing.assert_array_equal(inputs["values"], [[-1, 2.5]])


def test_sample_draws_a_square(query):
    done = query("sample", "7", "--seed=2")
    assert done.stdout == "pictures  sample.png\n", done.stderr
    images = answer("sample", seed=np.arange(2, 9))["images"]
    paper = np.ones((2, 2, 2, 1))
    images = np.concatenate([images, paper]).reshape(3, 3, 2, 2, 1)
    assert_shows(tiles(query.folder / "sample.png", 3, 3), images)


def test_status_and_metadata(query):
    done = query("status")
    assert done.stdout.splitlines() == [
        "version 7      AVAILABLE",
        "version 3      END  FAILED_PRECONDITION: no variables",
    ]
    assert json.loads(query("status", "--json").stdout)[0] == {
        "version": 7,
        "state": "AVAILABLE",
        "code": "OK",
        "message": "",
    }
    line = "  inputs   images         float32  [*, 2, 2, 1]\n"
    assert line in query("metadata").stdout
    read = json.loads(query("metadata", "--json").stdout)
    assert read.keys() == FAKE_SIGNATURES.keys()
    assert read["encode"]["inputs"] == {
        "images": {"dtype": "float32", "shape": [None, 2, 2, 1]}
    }


def test_a_run_names_the_model_and_a_file_the_token(query):
    done = query("status", "--token_file=token", name="--workdir=.")
    assert done.returncode == 0, done.stderr
    assert query.model.tokens == ["Bearer s3cret"]
    assert query.model.names == ["from_the_run"]


def test_a_picture_is_fitted_if_asked_to(query):
    done = query("encode", "large.png", "--resize")
    assert done.returncode == 0, done.stderr
    (_, inputs), *_ = query.model.asked
    np.testing.assert_allclose(inputs["images"], 128 / 255, atol=0.01)


@pytest.mark.parametrize(
    "arguments, code, text",
    [
        ("", 2, "no command is given; give one of encode, decode"),
        ("walk", 2, "walk is no command; give one of encode"),
        ("encode", 2, "encode needs files"),
        ("encode missing.png", 1, "missing.png cannot be read"),
        ("encode config.json", 1, "config.json cannot be read"),
        ("encode large.png", 2, "large.png has 6x4 pixels and the model's "
         "images have 2x2; --resize fits it"),
        ("decode", 2, "decode needs codes"),
        ("decode 1,2", 2, "1,2 is no code of the model: give 3 numbers"),
        ("decode 1,x,2", 2, "1,x,2 is no code"),
        ("traverse", 2, "--latent is missing"),
        ("traverse --latent=-1", 2, "--latent"),
        ("traverse --latent=1 --values=1:2", 2, "--values=1:2 is neither"),
        ("traverse --latent=1 --values=1:2:0", 2, "--values=1:2:0 is neither"),
        ("traverse --latent=1 --values=nan", 2, "--values=nan is neither"),
        ("traverse --latent=1 a.png b.png", 2, "one image or one code"),
        ("sample", 2, "sample needs a number"),
        ("sample 0", 2, "from 1 to 1024"),
        ("status now", 2, "status takes no now"),
        ("sample 1 --output=image.png/x", 1, "cannot be written"),
        ("status --token_file=none", 1, "none cannot be read"),
        ("status --root_certificate=none", 2, "none cannot be read"),
        ("status --workdir=. --model=", 0, ""),
        ("status --workdir=none --model=", 2, "none is no folder of a run"),
        ("status --timeout=0", 2, "--timeout=0 must be over 0"),
        ("status --timeout=nan", 2, "--timeout=nan must be over 0"),
        ("status --timeout=1e9", 2, "at most 86400 seconds"),
        ("status --server=localhost", 2, "'localhost' is no address"),
        ("decode nan,1,2", 2, "nan,1,2 is no code"),
        ("sample 2 --seed=9223372036854775807", 2, "for 2 rows gives other"),
        ("status --model=", 2, "--model is missing"),
        ("status --server=localhost:1", 1, "no server answers at localhost:1 "
         "(Connection refused); start one with bin/serve."),
    ],
)  # fmt: skip
def test_errors_are_one_sentence(query, arguments, code, text):
    done = query(*arguments.split())
    assert done.returncode == code
    assert text in done.stderr
    assert done.stderr.count("\n") == (1 if code else 0)
    assert done.stderr.startswith("error: " if code else "")


def test_what_the_server_says_is_one_sentence(query):
    query.model.errors = [ServingError(Code.NOT_FOUND, "no such model: m")]
    done = query("status")
    assert done.returncode == 1
    assert done.stderr.endswith(" says: no such model: m\n")


def test_the_command_explains_itself_without_tensorflow():
    code = """
import sys
sys.argv = ["query", "--help"]
from tfdisent.cli import main, query
try:
    main.run(query.main, query.help_text)
finally:
    assert "tensorflow" not in sys.modules
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    for name in ("encode", "traverse", "--server", "--root_certificate"):
        assert name in done.stdout


def test_a_server_that_is_slow_is_no_sentence_of_its_own(query):
    query.model.errors = [ServingError(Code.DEADLINE_EXCEEDED, "late")]
    done = query("status", "--timeout=7")
    assert done.returncode == 1
    assert " gave no answer in 7 s; --timeout gives" in done.stderr


def test_what_is_wrong_before_the_server_is_not_what_it_says(query, served):
    address = served[2].replace("http://", "https://")
    done = query("status", "--timeout=1", server=address)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: TLS with {address} failed (")
    assert done.stderr.count("\n") == 1
