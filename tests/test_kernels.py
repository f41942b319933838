"""Kernels that are forked from a preloaded process behave as kernels do, and know nothing of each other."""

import os
import subprocess
import sys
import time

import nbformat
import psutil
import pytest
from jupyter_client.manager import KernelManager
from jupyter_client.provisioning import KernelProvisionerFactory
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from ospolab import kernels

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kernels are forked, which Windows cannot")


@pytest.fixture
def asked_for(monkeypatch):
    """Kernels of this test are preloaded ones, whatever others of this process were."""
    (name,) = kernels.ASKED_FOR.values()
    monkeypatch.setattr(KernelProvisionerFactory.instance(), "default_provisioner_name", name)


def run(*cells, **options):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, kernel_name="python3", timeout=30, **options).execute()
    return ["".join(output.get("text", "") for output in cell.outputs) for cell in notebook.cells]


def test_a_kernel_knows_nothing_of_the_one_before(asked_for, tmp_path):
    run("import os, sys, pandas; pandas.left = 1; sys.left = 1; os.environ['LEFT'] = 'x'; left = 1")
    seen, where = run(
        "import os, sys, pandas\n"
        "print(hasattr(pandas, 'left'), hasattr(sys, 'left'), 'left' in dir(), 'LEFT' in os.environ)",
        "print(os.getcwd(), os.getppid() == int(os.environ['JPY_PARENT_PID']))",
        resources={"metadata": {"path": str(tmp_path)}},
    )
    assert seen == "False False False False\n"
    assert where == f"{tmp_path} True\n"


def test_pictures_and_errors_are_those_of_an_ordinary_kernel(asked_for):
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("import matplotlib.pyplot as plt\nplt.plot([1, 2]);\nplt.show()")]
    )
    NotebookClient(notebook, kernel_name="python3", timeout=30).execute()
    assert [sorted(output.data) for output in notebook.cells[0].outputs] == [["image/png", "text/plain"]]
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        run("1 / 0")


def test_tables_are_shown_as_in_an_ordinary_kernel(asked_for):
    (said,) = run("import pandas; print(pandas.get_option('display.max_columns'))")
    assert said == "20\n", "pandas takes it for a terminal"


def test_a_kernel_that_ends_is_seen_to_have_ended(asked_for):
    with pytest.raises(DeadKernelError):
        run("import os; os._exit(3)")


def test_interrupt_restart_and_shutdown_work(asked_for):
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel()
    client = manager.blocking_client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=30)
        client.execute("import time; time.sleep(60)")
        time.sleep(0.5)
        manager.interrupt_kernel()
        reply = client.get_shell_msg(timeout=10)
        assert reply["content"].get("ename") == "KeyboardInterrupt"
        first = manager.provisioner.pid
        manager.restart_kernel(now=True)
        client.wait_for_ready(timeout=30)
        assert manager.provisioner.pid != first and manager.is_alive()
        second = psutil.Process(manager.provisioner.pid)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert not second.is_running() or second.status() == psutil.STATUS_ZOMBIE


START = """
import os
from jupyter_client.manager import KernelManager
manager = KernelManager(kernel_name="python3")
manager.start_kernel()
client = manager.blocking_client(); client.start_channels(); client.wait_for_ready(timeout=30)
print(type(manager.provisioner).__name__, manager.provisioner.pid, flush=True)
os._exit(0)
"""


@pytest.mark.parametrize("asks", [True, False])
def test_who_asks_gets_one_and_kernels_end_with_whoever_started_them(asks):
    plain = {name: value for name, value in os.environ.items() if name not in kernels.ASKED_FOR}
    done = subprocess.run(
        [sys.executable, "-c", START], env=plain | (kernels.ASKED_FOR if asks else {}), capture_output=True, text=True,
        timeout=60,
    )  # fmt: skip
    kind, pid = done.stdout.split()
    assert kind == ("PreloadedProvisioner" if asks else "LocalProvisioner")
    for _ in range(100):
        try:
            if psutil.Process(int(pid)).status() == psutil.STATUS_ZOMBIE:
                return  # it has ended; whoever has adopted it does not look after it
        except psutil.NoSuchProcess:
            return
        time.sleep(0.1)
    pytest.fail("the kernel goes on without anybody")
