"""One model on onnxruntime: floats in, floats out, bounded threads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime  # pyright: ignore[reportMissingTypeStubs]  # it ships none
from numpy.typing import NDArray

SILENT = 4
"""onnxruntime's severity above which it writes to standard error."""


class Session:
    """A loaded model with one input and one output that counts."""

    def __init__(self, model: Path, *, threads: int) -> None:
        options = onnxruntime.SessionOptions()  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]  # untyped
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = SILENT
        options.enable_cpu_mem_arena = False  # with ever other shapes the arena would keep the largest of each
        # Threads that wait busily for the next operator double the work of a host whose cores other workers share.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # pyright: ignore[reportUnknownMemberType]  # untyped
        self._session = onnxruntime.InferenceSession(
            str(model),
            options,  # pyright: ignore[reportUnknownArgumentType]  # untyped
            providers=["CPUExecutionProvider"],
        )
        self._input = str(self._session.get_inputs()[0].name)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]  # untyped

    def run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """The model's first output for this batch."""
        outputs = self._session.run(None, {self._input: batch})  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # untyped
        return np.asarray(outputs[0], np.float32)
