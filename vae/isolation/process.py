"""The process that `reader.py` starts, a script that starts quickly since it loads no torch, and
the messages between them: a line of JSON, followed by the bytes of its arrays."""

import importlib.util
import json
import os
import sys
import types
from pathlib import Path

import numpy as np


def send(stream, message: object) -> None:
    """Writes lists, numbers, texts, records, arrays and bytes, which become a `bytearray`."""
    arrays = []

    def encode(value: object) -> dict:
        if isinstance(value, bytes | bytearray | memoryview):
            arrays.append(np.frombuffer(value, np.uint8))
            return {"bytes": len(value)}
        if not hasattr(value, "__array_interface__"):
            return vars(value)
        arrays.append(np.ascontiguousarray(value))
        return {"array": [arrays[-1].shape, arrays[-1].dtype.str]}

    stream.write(json.dumps(message, default=encode).encode() + b"\n")
    stream.writelines(array.reshape(-1).view(np.uint8).data for array in arrays)
    stream.flush()


def receive(stream):
    """The next message; None if the other process ended before it was complete."""
    arrays = []

    def decode(value: dict):
        if "array" in value:
            arrays.append(np.empty(*value["array"]))
            return arrays[-1]
        if "bytes" in value:
            content = bytearray(value["bytes"])
            arrays.append(np.frombuffer(content, np.uint8))
            return content
        return value

    line = stream.readline()
    message = json.loads(line, object_hook=decode) if line.endswith(b"\n") else None
    whole = all(stream.readinto(a.reshape(-1).view(np.uint8)) == a.nbytes for a in arrays)
    return message if whole else None


def main() -> None:
    """Answers one request: a function below `vae`, its arguments, and the limit of memory."""
    source, target, sys.stdout = sys.stdin.buffer, sys.stdout.buffer, sys.stderr
    name, arguments, memory = receive(source)
    module, _, function = name.rpartition(".")
    if hasattr(os, "nice"):
        os.nice(5)
    if memory and importlib.util.find_spec("resource"):  # not on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    package = types.ModuleType("vae")  # whose own import would load torch
    package.__path__ = [str(Path(__file__).parents[1])]
    sys.modules["vae"] = package
    from vae.errors import AtelierError

    if "progress" in arguments:
        arguments["progress"] = lambda *steps: send(target, {"progress": steps})
    try:
        found = getattr(importlib.import_module(f"vae.{module}"), function)(**arguments)
        send(target, {"result": found})
    except (AtelierError, MemoryError) as error:
        send(target, {"error": str(error) or "the files take too much memory; make them smaller"})


if __name__ == "__main__":
    main()
