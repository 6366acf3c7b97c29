import pytest

from tfdisent.errors import UsageError
from tfdisent.serving.inference.batching import DEFAULT_BATCHING, read_batching


def read(tmp_path, text):
    path = tmp_path / "batching.txt"
    path.write_text(text)
    return read_batching(path)


def test_an_empty_file_changes_nothing(tmp_path):
    assert read(tmp_path, "") == DEFAULT_BATCHING


def test_the_documented_example_is_read(tmp_path):
    batching = read(
        tmp_path,
        """
        max_batch_size { value: 128 }
        batch_timeout_micros { value: 500 }
        max_enqueued_batches { value: 1000000 }
        num_batch_threads { value: 8 }
        allowed_batch_sizes: 8
        allowed_batch_sizes: 128
        thread_pool_name { value: "shared" }
        """,
    )
    assert batching.max_batch_size == 128
    assert batching.max_execution_batch_size == 128
    assert batching.max_enqueued_batches == 1_000_000
    assert batching.num_batch_threads == 8
    assert batching.allowed_batch_sizes == (8, 128)
    assert batching.timeout_seconds == 0.0005


def test_splitting_runs_at_most_the_execution_size(tmp_path):
    batching = read(
        tmp_path,
        """
        max_batch_size { value: 100 }
        enable_large_batch_splitting { value: true }
        max_execution_batch_size { value: 10 }
        allowed_batch_sizes: [4, 10]
        """,
    )
    assert batching.max_batch_size == 10
    assert batching.max_execution_batch_size == 10


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("max_batch_size: 3", "line 1:.*Expected"),
        ("\nmax_batch { value: 3 }", "line 2:.*max_batch"),
        ("max_batch_size { value: x }", "line 1:.*integer"),
        ("max_batch_size { value: 0 }", "max_batch_size .*at least 1, not 0"),
        ("num_batch_threads { value: -1 }", "at least 1, not -1"),
        ("batch_timeout_micros { value: -1 }", "at least 0, not -1"),
        ("allowed_batch_sizes: [4, 2, 32]", "increasing"),
        ("allowed_batch_sizes: [4, 4, 32]", "increasing"),
        ("allowed_batch_sizes: [0, 32]", "positive"),
        (
            "max_batch_size { value: 9 }\nallowed_batch_sizes: 8",
            "end with 9, not 8",
        ),
        (
            "max_batch_size { value: 9 }\n"
            "enable_large_batch_splitting { value: true }\n"
            "max_execution_batch_size { value: 10 }",
            "at most max_batch_size, 9",
        ),
    ],
)
def test_faults_are_told_with_their_place(tmp_path, text, words):
    with pytest.raises(UsageError, match=f"batching.txt.*{words}") as error:
        read(tmp_path, text)
    assert "\n" not in str(error.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(UsageError, match="batching.txt.*No such file"):
        read_batching(tmp_path / "batching.txt")
    (tmp_path / "batching.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="batching.txt.*UTF-8"):
        read_batching(tmp_path / "batching.txt")
