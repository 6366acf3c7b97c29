"""What bin/query prints, draws and says to errors."""

import json
import os
import subprocess
import sys
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image
from served.client_fakes import SIGNATURES as FAKE_SIGNATURES
from served.client_fakes import FakeModel, answer, grpc_server, rest_server

from tfdisent.cli.query_pictures import label_columns
from tfdisent.evaluation.figures.mosaic import GAP, Margins, draw_mosaic
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
EDGE = 14  # Pixels of paper around pictures, and
ABOVE = 34  # above them for numbers.
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
    picture = np.asarray(Image.open(path).convert("L"), int)[top:-EDGE, :-EDGE]
    height = (picture.shape[0] + GAP) // rows
    size = height - GAP
    width, left = height, picture.shape[1] - columns * height + GAP
    picture = picture[:, left:]
    assert left >= EDGE and size % 2 == 0
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


CARD = {
    "latents": [
        {"index": 2, "kl": 3.25, "active": True, "low": -1.0, "high": 2.0,
         "factor": {"name": "size", "share": 0.8}, "meaning": "size"},
        {"index": 0, "kl": None, "active": True, "low": None, "high": None,
         "factor": {"name": "hue", "share": 0.254}, "meaning": None},
        {"index": 1, "kl": 0.004, "active": False, "low": 0.0, "high": 0.1,
         "factor": None, "meaning": None},
    ]
}  # fmt: skip


@pytest.fixture
def card(query):
    """The cards of a run's exports; the newest says most."""
    for version, content in (("9", "damaged"), ("10", json.dumps(CARD))):
        path = query.folder / "export" / version / "assets.extra"
        path.mkdir(parents=True)
        (path / "model_card.json").write_text(content)
    return path / "model_card.json"


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
    done = query("reconstruct", "image.png", "--output=both.png")
    assert done.stdout == "pictures  both.png\n", done.stderr
    rows = np.stack([IMAGE, answer("reconstruct", images=IMAGE)["images"]])
    assert_shows(tiles(query.folder / "both.png", 2, 1), rows)


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
    assert_shows(tiles(path, 1, 5, ABOVE), images)


def test_values_may_be_listed(query):
    query("traverse", "--latent=1", "--values=-1,2.5")
    (_, inputs), *_ = query.model.asked
    np.testing.assert_array_equal(inputs["values"], [[-1, 2.5]])


def test_sample_draws_a_square(query):
    done = query("sample", "7", "--seed=2")
    said = answer("sample", seed=np.arange(2, 9))
    first, *rows = done.stdout.splitlines()
    assert first == "pictures  sample.png", done.stderr
    codes = [[float(x) for x in row.split()[-1].split(",")] for row in rows]
    np.testing.assert_array_equal(codes, said["codes"])
    images = said["images"]
    paper = np.ones((2, 2, 2, 1))
    images = np.concatenate([images, paper]).reshape(3, 3, 2, 2, 1)
    assert_shows(tiles(query.folder / "sample.png", 3, 3), images)


def test_all_latents_move_unless_one_is_named(query):
    done = query("traverse", "--values=0,1", "--json")
    codes, values = np.zeros((3, 3), np.float32), np.float32([[0, 1]] * 3)
    ((_, inputs),) = query.model.asked
    np.testing.assert_array_equal(inputs["codes"], codes)
    np.testing.assert_array_equal(inputs["latent"], [0, 1, 2])
    np.testing.assert_array_equal(inputs["values"], values)
    assert json.loads(done.stdout) == {
        "codes": [[0, 0, 0]],
        "latents": [0, 1, 2],
        "values": [[0, 1]] * 3,
        "left_out": [],
        "pictures": ["traverse.png"],
    }


def test_a_card_tells_which_latents_move_and_how_far(query, card):
    done = query("traverse", name="--workdir=.")
    pictures, left_out = done.stdout.splitlines()
    assert left_out == "left out  z1: inactive", done.stderr
    ((_, inputs),) = query.model.asked
    assert inputs["latent"].tolist() == [2, 0]
    ranges = inputs["values"][:, [0, -1]].tolist()
    assert ranges == [[-1, 2], [-3, 3]]
    done = query("traverse", "--latent=1", "--json", name="--workdir=.")
    said = json.loads(done.stdout)
    assert (said["latents"], said["left_out"]) == ([1], [])
    np.testing.assert_allclose(said["values"][0], np.linspace(0, 0.1, 7))


def test_a_card_explains_the_table(query, card):
    done = query("encode", "image.png", name="--workdir=.")
    _, head, *rows = done.stdout.splitlines()
    assert head.endswith("KL nats  meaning"), done.stderr
    assert [row.split()[3:] for row in rows] == [
        ["nan", "hue,", "25%"],
        ["0.004", "inactive"],
        ["3.250", "size"],
    ]


def test_a_card_of_another_model_is_refused(query, card):
    card.write_text(json.dumps({"latents": CARD["latents"][:1]}))
    done = query("encode", "image.png", name="--workdir=.")
    assert (done.returncode, done.stdout) == (2, "")
    assert "tells of 1 latents and the model that answers has 3" in done.stderr
    done = query("encode", "image.png", "--version=9", name="--workdir=.")
    assert (done.returncode, done.stdout) == (1, "")
    assert "9/assets.extra/model_card.json is damaged" in done.stderr
    done = query("encode", "image.png", "--label=x", name="--workdir=.")
    assert done.returncode == 0  # no card is known to be of this version


def test_plain_pictures_can_be_encoded(query):
    done = query("sample", "2", "--plain", "--json", "--output=it.png")
    said = json.loads(done.stdout)
    assert said["pictures"] == ["it-0.png", "it-1.png"]
    expected = answer("sample", seed=np.arange(2))
    np.testing.assert_array_equal(said["codes"], expected["codes"])
    query.model.asked.clear()
    assert query("encode", *said["pictures"]).returncode == 0
    ((_, inputs),) = query.model.asked
    images = np.clip(expected["images"], 0, 1)
    np.testing.assert_allclose(inputs["images"], images, atol=1 / 500)


def test_json_holds_the_codes_of_pictures(query):
    said = json.loads(query("decode", "1,2,3", "--json").stdout)
    assert said == {"codes": [[1, 2, 3]], "pictures": ["decode.png"]}
    said = json.loads(query("reconstruct", "image.png", "--json").stdout)
    mean = answer("encode", images=IMAGE)["mean"]
    np.testing.assert_allclose(said["codes"], mean, rtol=1e-6)


def test_numbers_above_columns_never_overlap():
    values = np.linspace(-3, 3, 200)
    mosaic = draw_mosaic(np.zeros((1, 200, 2, 2, 1)), Margins(9, 9, 34, 9))
    label_columns(mosaic, values)
    boxes = [text.get_window_extent() for text in mosaic.axes.texts]
    assert 5 < len(boxes) < 200
    for left, right in zip(boxes, boxes[1:], strict=False):
        assert left.x1 < right.x0
    assert {len(t.get_text()) for t in mosaic.axes.texts} <= {1, 2, 3, 4, 5}


@pytest.mark.parametrize(
    "flag, spec",
    [("--version=3", (3, None)), ("--label=stable", (None, "stable"))],
)
def test_a_version_or_label_answers(query, flag, spec):
    assert query("sample", "1", flag).returncode == 0
    assert set(query.model.specs) == {spec}


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
        ("traverse --latent=3", 2, "there is no --latent=3; give one from 0"),
        ("traverse --values=0:1:257", 2, "at most 256"),
        ("traverse --latent=-1", 2, "--latent"),
        ("traverse --latent=1 --values=1:2", 2, "--values=1:2 is neither"),
        ("traverse --latent=1 --values=1:2:0", 2, "--values=1:2:0 is neither"),
        ("traverse --latent=1 --values=nan", 2, "--values=nan is neither"),
        ("traverse --latent=1 a.png b.png", 2, "one image or one code"),
        ("sample", 2, "sample needs a number"),
        ("sample 0", 2, "from 1 to 1024"),
        ("status now", 2, "status takes no now"),
        ("sample 1 --output=a.jpg", 2, "--output=a.jpg must end in .png"),
        ("sample 1 --output=a/b.png", 2, "make a or give one that exists"),
        ("status --version=1 --label=a", 2, "version 1 and label 'a'"),
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


def test_a_card_without_latents_shows_them_all_as_they_stand(query, card):
    """That of a model without an encoder."""
    card.write_text(json.dumps({"latents": []}))
    done = query("traverse", name="--workdir=.")
    assert done.returncode == 0, done.stderr
    ((_, inputs),) = query.model.asked
    assert inputs["latent"].tolist() == [0, 1, 2]
