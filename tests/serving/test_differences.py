import pathlib
import re
import subprocess
import sys

import pytest

from tfdisent.serving.differences import DIFFERENCES, differences_table

TESTS = pathlib.Path(__file__).parents[1]
# By what a row is about: the tests in tests/ that fail if `ours` is not so.
PROOFS = {
    "address": ["serving/test_differences.py::test_the_defaults_are_as_told"],
    "REST and metrics": [
        "serving/test_differences.py::test_the_defaults_are_as_told"
    ],
    "TLS": [
        "serving/test_tls.py::test_a_client_takes_a_good_certificate_only",
        "serving/test_tls.py::test_a_new_file_counts_for_the_next_connection",
        "serving/test_tls.py::test_old_tls_and_plain_text_are_refused",
    ],
    "token": [
        "serving/test_server.py::test_token_and_tls_guard_all_but_health"
    ],
    "SIGTERM": [
        "serving/test_server.py::"
        "test_what_is_in_flight_ends_and_nothing_else_begins",
        "serving/test_server.py::"
        "test_what_takes_longer_than_the_grace_is_broken_off",
        "serving/test_lifecycle.py::"
        "test_it_says_what_it_serves_and_ends_what_is_in_flight",
    ],
    "health": [
        "serving/rpc/test_health.py::"
        "test_health_follows_the_models_until_it_drains",
        "serving/rest/test_app.py::test_probes",
        "serving/rest/test_app.py::test_lists_the_models",
    ],
    "profiler": [
        "serving/rpc/test_hostile.py::test_unknown_method_is_unimplemented"
    ],
    "metrics": [
        "serving/test_monitoring.py::"
        "test_requests_are_counted_under_the_official_names",
        "serving/test_monitoring.py::"
        "test_versions_batches_and_the_process_are_shown",
        "serving/rest/test_app.py::test_metrics_have_the_path_they_are_given",
    ],
    "pages beside the protocol": [
        "serving/rest/test_explorer.py::"
        "test_the_page_comes_without_a_token_and_asks_no_other_host",
        "serving/rest/test_explorer.py::test_none_of_it_unless_wanted",
    ],
    "reload over gRPC": [
        "serving/rpc/test_model_service.py::test_reload_is_off_unless_enabled",
        "serving/rpc/test_model_service.py::test_reload_replaces_the_models",
        "serving/versions/test_manager_reload.py::"
        "test_a_rejected_reload_changes_nothing",
    ],
    "size of a request": [
        "serving/test_differences.py::test_the_defaults_are_as_told",
        "serving/test_server.py::test_the_limit_of_a_message_is_the_body_limit",
        "serving/rest/test_body.py::test_inflates_up_to_the_limit",
        "serving/rest/test_json_text.py::test_depth_is_limited",
        "serving/rest/test_request.py::test_the_limit_of_elements_is_exact",
        "serving/inference/test_input_checks.py::test_rows_are_bounded",
    ],
    "size of an answer": [
        "serving/inference/test_input_checks.py::"
        "test_a_small_request_for_a_huge_answer_is_refused"
    ],
    "fixed limits": [
        "export/test_tensors.py::test_up_to_32_dimensions_and_the_cap_are_read",
        "serving/rpc/test_field_count.py::test_many_empty_fields_are_too_many",
        "serving/rpc/test_hostile.py::"
        "test_many_small_fields_are_refused_before_they_are_parsed",
        "serving/rest/test_json_text.py::"
        "test_fewer_values_are_read_where_they_are_no_array",
        "serving/rest/test_body_room.py::test_only_what_is_held_now_counts",
    ],
    "requests at a time": [
        "serving/test_deaf_clients.py::"
        "test_more_than_the_most_are_refused_on_both_protocols"
    ],
    "time for a request": [
        "serving/rpc/test_call.py::"
        "test_servers_deadline_goes_first_if_it_is_earlier"
    ],
    "age of connections": [
        "serving/test_deaf_clients.py::"
        "test_an_answer_that_nobody_takes_is_broken_off",
        "serving/test_deaf_clients.py::"
        "test_no_call_is_lost_when_connections_are_renewed",
    ],
    "slow clients": [
        "serving/rest/test_connection.py::test_slow_headers_are_cut",
        "serving/rest/test_body.py::test_a_slow_body_is_cut",
        "serving/rest/test_connection.py::test_who_never_reads_the_answer_is_cut",
        "serving/test_deaf_clients.py::"
        "test_a_request_that_does_not_come_is_refused_in_time",
        "serving/test_deaf_clients.py::"
        "test_an_answer_that_nobody_takes_is_broken_off",
    ],
    "batching": [
        "serving/inference/test_coalescer.py::"
        "test_only_rows_of_one_shape_and_the_same_outputs_run_together",
        "serving/inference/test_coalescer.py::"
        "test_a_large_request_runs_in_parts_on_all_threads",
        "serving/inference/test_coalescer.py::"
        "test_a_full_queue_refuses_and_recovers",
    ],
    "batching parameters": [
        "serving/inference/test_batching.py::"
        "test_the_documented_example_is_read"
    ],
    "empty batches": [
        "serving/inference/test_servable.py::"
        "test_no_rows_are_answered_without_a_run",
        "serving/rest/test_request.py::test_an_empty_list_is_a_batch_without_rows",
    ],
    "PNG files": [
        "serving/inference/test_png_check.py::test_what_unpacks_too_far_is_refused"
    ],
    "wrong shapes": [
        "serving/inference/test_input_checks.py::"
        "test_wrong_shapes_are_told_the_right_one"
    ],
    "numbers": [
        "serving/rest/test_json_tensors.py::test_integers_must_fit",
        "export/test_tensors.py::test_what_is_no_tensor_is_refused",
    ],
    "dtypes": [
        "serving/rest/test_json_tensors.py::test_other_types_are_not_implemented",
        "serving/rest/test_answer.py::test_other_types_cannot_be_written",
        "serving/inference/test_input_checks.py::"
        "test_unknown_data_types_are_unimplemented",
        "export/test_tensors.py::test_what_is_no_tensor_is_refused",
    ],
    "JSON over REST": [
        "serving/rest/test_json_text.py::"
        "test_text_after_the_object_is_ignored_unless_strict",
        "serving/rest/test_request.py::"
        "test_strict_refuses_what_is_ignored_otherwise",
        "serving/inference/test_input_checks.py::"
        "test_only_strictness_refuses_what_is_not_finite",
    ],
    "packed REST bodies": ["serving/rest/test_body.py::test_packed_bodies"],
    "REST answers": [
        "serving/rest/test_answer.py::test_forms",
        "serving/rest/test_connection.py::test_what_is_no_http_is_refused",
        "serving/rest/test_protocol.py::test_there_is_nothing_else",
    ],
    "gRPC messages": [
        "serving/rpc/test_hostile.py::test_garbage_is_an_invalid_argument"
    ],
    "gRPC answers": [
        "export/test_tensors.py::test_what_is_written_tensorflow_reads"
    ],
    "Classify and Regress": [
        "serving/rpc/test_metadata.py::"
        "test_no_signature_classifies_or_regresses",
        "serving/rest/test_protocol.py::test_paths",
    ],
    "MultiInference": [
        "serving/rpc/test_metadata.py::test_multi_inference_is_not_implemented"
    ],
    "names": [
        "serving/versions/test_model_config.py::"
        "test_what_could_not_be_served_is_refused"
    ],
    "config file": [
        "serving/versions/test_config_watch.py::"
        "test_a_changed_file_is_taken_once",
        "serving/versions/test_model_config.py::"
        "test_what_could_not_be_served_is_refused",
    ],
    "base path": [
        "serving/versions/test_model_config.py::"
        "test_what_could_not_be_served_is_refused",
        "serving/versions/test_manager_reload.py::test_add_rebase_and_remove",
    ],
    "labels at the start": [
        "serving/versions/test_manager_reload.py::"
        "test_a_label_without_version_at_the_start_is_a_warning"
    ],
    "folders of one number": [
        "serving/versions/test_version_source.py::"
        "test_two_names_of_one_number_are_one_version_with_a_warning"
    ],
    "warm-up": [
        "serving/inference/test_warm_up_replay.py::test_other_logs_are_refused"
    ],
    "damaged versions": [
        "serving/inference/test_servable.py::"
        "test_a_version_without_variables_is_refused",
        "serving/versions/test_manager_versions.py::"
        "test_a_damaged_version_ends_and_the_old_one_serves",
    ],
    "requests for them": [
        "serving/versions/test_manager_versions.py::"
        "test_who_asks_for_a_version_that_failed_is_told"
    ],
    "versions that ended": [
        "serving/versions/test_manager.py::test_few_ended_versions_are_remembered",
        "serving/versions/test_manager_versions.py::"
        "test_a_failed_load_is_tried_again_when_its_files_change",
    ],
}


def test_each_difference_is_told_once_and_whole():
    assert len({row.what for row in DIFFERENCES}) == len(DIFFERENCES)
    assert all(row.theirs and row.ours for row in DIFFERENCES)
    assert all(row.theirs != row.ours for row in DIFFERENCES)


@pytest.mark.parametrize("what", [row.what for row in DIFFERENCES])
def test_each_difference_is_tested(what):
    for place in PROOFS[what]:
        path, name = place.split("::")
        text = (TESTS / path).read_text()
        assert re.search(rf"^(async )?def {name}\(", text, re.MULTILINE), name


def test_a_part_takes_two_lines_at_most():
    begun = 0
    for line in differences_table().splitlines():
        begun = begun + 1 if line.startswith(" " * 13) else 1
        assert begun <= 2, line


def test_the_table_fits_a_terminal_and_holds_all():
    table = differences_table()
    assert max(map(len, table.splitlines())) <= 79
    words = " ".join(table.split())
    for row in DIFFERENCES:
        for text in (row.what, row.theirs, row.ours, row.switch):
            assert text in words


@pytest.fixture(scope="module")
def help_text():
    """What bin/serve says of its flags and their defaults, in words."""
    out = subprocess.run(
        [sys.executable, "-m", "tfdisent.cli.serve", "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return " ".join(out.split())


def test_the_switches_are_flags_that_exist(help_text):
    parts = [x for row in DIFFERENCES for x in (row.ours, row.switch)]
    named = set(re.findall(r"--([a-z_]+)", " ".join(parts))) - {"max"}
    assert len(named) > 10
    for name in named:  # "max" is of "the other --max flags"
        assert f" --{name} " in help_text


@pytest.mark.parametrize(
    "flag, default",
    [
        ("host", "127.0.0.1"),
        ("rest_api_port", "8501"),
        ("max_body_bytes", str(64 * 2**20)),
    ],
)
def test_the_defaults_are_as_told(help_text, flag, default):
    meaning = help_text.partition(f" --{flag} ")[2].partition(" --")[0]
    assert meaning.endswith(f"({default})")
    assert "at /monitoring/prometheus/metrics unless it says" in help_text
