import pytest
import tensorflow as tf
from export_models import read_meta_graph

from tfdisent.errors import RunError
from tfdisent.export.graph_checks import check_graph, check_signatures

SPEC = tf.TensorSpec((None, 2), name="x")


def _saved(directory, function):
    """The graph of a SavedModel with the signature f and a variable."""
    module = tf.Module()
    module.variable = tf.Variable(1.0)
    module.f = tf.function(
        lambda x: {"y": function(x, module.variable)}, input_signature=[SPEC]
    )
    tf.saved_model.save(module, str(directory), signatures={"f": module.f})
    return read_meta_graph(directory)


def test_the_saver_may_write_and_read_files(tmp_path):
    meta_graph = _saved(tmp_path, lambda x, variable: x * variable)
    inner = meta_graph.graph_def.library.function
    held = {node.op for function in inner for node in function.node_def}
    assert {"SaveV2", "RestoreV2", "AssignVariableOp"} <= held
    check_graph(meta_graph)


def _assign(x, variable):
    variable.assign(tf.reduce_sum(x))
    return x + variable


def _assign_in_a_function(x, variable):
    return tf.function(_assign)(x, variable)


def _assign_in_a_branch(x, variable):
    return tf.cond(
        tf.reduce_sum(x) > 0, lambda: _assign(x, variable), lambda: x
    )


def _assign_in_a_loop(x, variable):
    return tf.while_loop(
        lambda i, _: i < 2,
        lambda i, y: (i + 1, _assign(y, variable)),
        (0, x),
    )[1]


def _restore(x, variable):
    (y,) = tf.raw_ops.RestoreV2(
        prefix="/tmp/checkpoint",
        tensor_names=["a"],
        shape_and_slices=[""],
        dtypes=[tf.float32],
    )
    return x * variable * y


def _save(x, variable):
    save = tf.raw_ops.SaveV2(
        prefix="/tmp/checkpoint",
        tensor_names=["a"],
        shape_and_slices=[""],
        tensors=[x],
    )
    with tf.control_dependencies([save]):
        return x * variable


def _merge(x, variable):
    merge = tf.raw_ops.MergeV2Checkpoints(
        checkpoint_prefixes=["/tmp/a"], destination_prefix="/tmp/b"
    )
    with tf.control_dependencies([merge]):
        return x * variable


@pytest.mark.parametrize(
    ("function", "operation"),
    [
        (_assign, "AssignVariableOp"),
        (_assign_in_a_function, "AssignVariableOp"),
        (_assign_in_a_branch, "AssignVariableOp"),
        (_assign_in_a_loop, "AssignVariableOp"),
        (lambda x, v: v.assign_add(1.0) + x, "AssignAddVariableOp"),
        (_restore, "RestoreV2"),
        (_save, "SaveV2"),
        (_merge, "MergeV2Checkpoints"),
        (
            lambda x, _: x * float(tf.__version__[0]) + tf.random.normal([2]),
            "RandomStandardNormal",
        ),
        (
            lambda x, _: tf.numpy_function(lambda y: y, [x], tf.float32),
            "PyFunc",
        ),
    ],
)
def test_a_signature_may_hold_no_state_and_no_files(
    tmp_path, function, operation
):
    with pytest.raises(RunError, match=f"the operation {operation}, which"):
        check_graph(_saved(tmp_path, function))


def test_operations_after_a_signature_do_not_hide_it(tmp_path):
    meta_graph = _saved(tmp_path, _assign)
    output = meta_graph.signature_def["f"].outputs["y"]
    node = meta_graph.graph_def.node.add(name="last", op="Identity")
    node.attr["T"].type = output.dtype
    node.input.append(output.name)
    output.name = "last:0"
    with pytest.raises(RunError, match="AssignVariableOp"):
        check_graph(meta_graph)


@pytest.mark.parametrize("dtype", [tf.float16, tf.float64, tf.complex64])
def test_refuses_data_types_that_servers_cannot_send(tmp_path, dtype):
    module = tf.Module()
    module.f = tf.function(
        lambda images: {"mean": tf.cast(images, dtype)},
        input_signature=[tf.TensorSpec((None, 2), name="images")],
    )
    tf.saved_model.save(module, str(tmp_path), signatures={"encode": module.f})
    with pytest.raises(RunError, match=f"'mean' of {dtype.name}; servers can"):
        check_signatures(read_meta_graph(tmp_path).signature_def)
