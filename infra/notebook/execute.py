"""Runs every cell of a notebook in a kernel, and prints the notebook with what the cells gave.

usage: execute.py NOTEBOOK KERNEL

KERNEL is a name that Jupyter knows (JUPYTER_PATH). Cells run in the folder of the notebook, as in Jupyter. The first cell that
fails ends it with status 1. The file itself stays as it is.

nbclient stops listening to a cell once the kernel is idle. Deno's kernel sends some outputs after that, which Jupyter's pages show
where they belong, by the request they answer; so does this.
"""

import os
import queue
import sys

import nbformat
from jupyter_client.manager import start_new_kernel

CELL_SECONDS = 300
START_SECONDS = 60
# Nothing more comes once the kernel was silent for as long.
SILENCE_SECONDS = 2


def run(cell, client, cells):
    """Asks for a cell and waits until the kernel is idle again; `cells` are those asked for, by request."""
    request = client.execute(cell.source)
    cells[request] = cell
    while True:
        message = take(client, cells, CELL_SECONDS)
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            if message["parent_header"].get("msg_id") == request:
                break
    while True:
        reply = client.get_shell_msg(timeout=CELL_SECONDS)
        if reply["parent_header"].get("msg_id") == request:
            return reply["content"]["status"] == "ok"


def take(client, cells, seconds):
    """The next message, whose output is put to its cell."""
    message = client.get_iopub_msg(timeout=seconds)
    cell = cells.get(message["parent_header"].get("msg_id"))
    if cell is not None and message["msg_type"] in ("display_data", "error", "execute_result", "stream"):
        cell.outputs.append(nbformat.v4.output_from_msg(message))
    return message


def drain(client, cells):
    try:
        while True:
            take(client, cells, SILENCE_SECONDS)
    except queue.Empty:
        pass


def main():
    path, kernel = sys.argv[1:]
    notebook = nbformat.read(path, as_version=4)
    folder = os.path.dirname(os.path.abspath(path))
    manager, client = start_new_kernel(kernel_name=kernel, startup_timeout=START_SECONDS, cwd=folder)
    cells, succeeded = {}, True
    try:
        for number, cell in enumerate(notebook.cells, 1):
            if cell.cell_type != "code":
                continue
            cell.outputs = []
            try:
                succeeded = run(cell, client, cells)
            except queue.Empty:
                sys.exit(f"{path}: cell {number} has not ended after {CELL_SECONDS} s:\n{cell.source}")
            if not succeeded:
                break
        drain(client, cells)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    # What a cell threw is an output of it.
    for number, cell in enumerate(notebook.cells, 1):
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                trace = "\n".join(output.traceback)
                sys.exit(f"{path}: cell {number} failed: {output.ename}: {output.evalue}\n{trace}")
    if not succeeded:
        sys.exit(f"{path}: a cell failed, and the kernel does not say why")
    print(nbformat.writes(notebook))


if __name__ == "__main__":
    main()
