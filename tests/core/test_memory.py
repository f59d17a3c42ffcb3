"""Sizes of memory, and what the system says there is."""

import pytest

from diffresnet.errors import InputError
from diffresnet.labelling import memory
from diffresnet.labelling.memory import available_memory, format_memory, parse_max_memory


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ("4G", 4 * 2**30),
        ("1.5g", 1.5 * 2**30),
        (" 300M ", 300 * 2**20),
        ("2T", 2 * 2**40),
        ("64K", 65536),
        ("1000", 1000),
        (1000, 1000),
        (1e9, 10**9),
        ("none", None),
        (None, None),
    ],
)
def test_a_limit_is_bytes_or_a_number_with_a_letter(value, size):
    assert parse_max_memory(value) == size


@pytest.mark.parametrize("value", ["0", 0, "-1", -1, "4GB", "4 G", "much", "", "0.1", True, "nan"])
def test_other_limits_are_refused(value):
    with pytest.raises(InputError, match=r"such as 4G .*; not .*\(max_memory=\)") as error:
        parse_max_memory(value)
    assert "\n" not in str(error.value)


def test_sizes_are_told_to_two_digits():
    told = [format_memory(size) for size in (100 * 2**10, 1.04 * 2**30, 999 * 2**20, 2**44)]
    assert told == ["100 KiB", "1.0 GiB", "1000 MiB", "16 TiB"]


def test_there_is_some_memory():
    found = available_memory()
    assert found is None or 2**20 < found < 2**60
    assert parse_max_memory("auto") == pytest.approx(found, rel=0.2)


def write(root, files):
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def test_a_limit_of_a_container_counts(tmp_path):
    """Of both versions of control groups; what files take can be given up."""
    write(
        tmp_path,
        {
            "proc/self/cgroup": "3:cpu:/a\n2:memory:/job/step\n0::/slice/one\n",
            "sys/fs/cgroup/memory/job/memory.limit_in_bytes": "5000\n",
            "sys/fs/cgroup/memory/job/memory.usage_in_bytes": "2000\n",
            "sys/fs/cgroup/memory/job/memory.stat": "total_active_file 300\nrss 1\n",
            "sys/fs/cgroup/memory.max": "max\n",
            "sys/fs/cgroup/memory.current": "100\n",
            "sys/fs/cgroup/slice/memory.max": "9000\n",
            "sys/fs/cgroup/slice/memory.current": "1000\n",
            "sys/fs/cgroup/slice/memory.stat": "active_file 20\ninactive_file 3\n",
        },
    )
    assert sorted(memory._left_by_groups(tmp_path)) == [3300, 8023]
    assert list(memory._left_by_groups(tmp_path / "nowhere")) == []


def test_free_memory_of_a_machine(tmp_path):
    write(tmp_path, {"meminfo": "MemTotal: 9 kB\nMemAvailable:    12 kB\n"})
    assert memory._free_of_machine(tmp_path) == 12 * 1024
    assert memory._free_of_machine(tmp_path / "nowhere") is None


def test_where_the_system_says_nothing_else_it_is_all_of_the_machine(monkeypatch):
    monkeypatch.setattr(memory, "_free_of_machine", lambda: None)
    monkeypatch.setattr(memory, "_left_by_groups", lambda: iter(()))
    found = available_memory()
    assert found is None or found > 2**26
    monkeypatch.delattr(memory.os, "sysconf", raising=False)
    assert available_memory() is None
