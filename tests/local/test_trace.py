"""Two snapshots differ in exactly what was left, lost or changed."""

from datetime import UTC, datetime

import pytest

from local.trace import Snapshot, difference

pytestmark = pytest.mark.pure


def _snapshot(
    *, boot: str = "one", sysctls: dict[str, str] | None = None, **facts: list[str]
) -> Snapshot:
    kinds = ("processes", "mounts", "rules", "files", "network namespaces")
    return Snapshot(
        boot=boot,
        taken=datetime(2026, 1, 1, tzinfo=UTC),
        facts={kind: facts.get(kind, []) for kind in kinds},
        sysctls=sysctls or {},
    )


def test_equal_machines_do_not_differ() -> None:
    one = _snapshot(mounts=["/a"], sysctls={"vm/x": "1"})
    assert difference(one, one) == []


def test_what_was_added_and_what_is_gone_is_named() -> None:
    before, after = _snapshot(mounts=["/a"], files=["/f"]), _snapshot(mounts=["/b"], files=["/f"])
    assert difference(before, after) == [
        "left behind among the mounts: /b",
        "gone from the mounts: /a",
    ]


def test_a_process_of_others_that_ended_is_not_our_business() -> None:
    before, after = _snapshot(processes=["1 etcd"]), _snapshot(processes=["2 etcd"])
    assert difference(before, after) == ["left behind among the processes: 2 etcd"]


def test_a_changed_kernel_setting_is_named_with_both_values() -> None:
    before, after = _snapshot(sysctls={"net/a": "0"}), _snapshot(sysctls={"net/a": "1"})
    assert difference(before, after) == ["kernel setting net/a: was '0', is '1'"]


def test_across_a_reboot_only_files_count() -> None:
    before = _snapshot(mounts=["/a"], files=["/f"], sysctls={"net/a": "0"})
    after = _snapshot(boot="two", files=["/f", "/g"], sysctls={"net/a": "1"})
    assert difference(before, after) == ["left behind among the files: /g"]


def test_the_tables_of_others_are_known_by_family_and_name() -> None:
    rules = ["table ip nat {", "table ip6 kube-proxy {", "chain x {", "}"]
    assert _snapshot(rules=rules).tables() == {"ip nat", "ip6 kube-proxy"}
