"""Wasmtime, in one process: a fresh instance of the same program for each call, its input a file. A line in, how long; a line out, how many."""
import json
import os
import sys
import tempfile
import time
from wasmtime import Engine, ExitTrap, Linker, Module, Store, WasiConfig

engine = Engine()
module = Module.from_file(engine, sys.argv[1])
linker = Linker(engine)
linker.define_wasi()
text = sys.argv[2].encode()
given = tempfile.NamedTemporaryFile(dir="/dev/shm")
given.write(text)
given.flush()


def call():
    written = []
    config = WasiConfig()
    config.stdin_file = given.name
    config.stdout_custom = written.append
    store = Store(engine)
    store.set_wasi(config)
    try:
        linker.instantiate(store, module).exports(store)["_start"](store)
    except ExitTrap as ended:
        if ended.code != 0:
            raise
    if b"".join(written) != text.upper():
        raise Exception("wasmtime answered otherwise")


print("ready", flush=True)
for line in sys.stdin:
    seconds = float(line) / 1000
    started = time.perf_counter()
    calls = 0
    while time.perf_counter() - started < seconds:
        call()
        calls += 1
    print(json.dumps({"calls": calls, "ms": (time.perf_counter() - started) * 1000, "refused": 0}), flush=True)

# Its own threads do not end in order with the interpreter.
os._exit(0)
