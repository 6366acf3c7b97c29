"""The serving contract, and the SavedModels that keep it.

`saved_model.export_model` writes an export and `served_command.served_command`
says how to serve it. Nothing is imported here: `contract` and `native_session`
must load without TensorFlow.
"""
