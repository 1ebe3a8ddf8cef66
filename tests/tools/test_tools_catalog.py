from __future__ import annotations

import pytest

from tools import UnknownTool, catalog
from tools.recipe import Deb, GoBuild, OnPath, Tool, Wheel
from tools.workshop import HERE

pytestmark = pytest.mark.pure

EVERY = pytest.mark.parametrize("tool", catalog.TOOLS, ids=lambda tool: tool.name)


@pytest.mark.parametrize(
    "name",
    [
        *("pulumi", "pulumi-language-python", "pulumi-resource-kubernetes", "kubectl", "helm"),
        *("git", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"),
        *("kubelet", "kubeadm", "coredns", "containerd", "ctr", "containerd-shim-runc-v2", "runc"),
        *("etcd", "etcdctl", "bridge", "host-local", "loopback", "portmap", "docker-registry"),
        *("iptables", "nft", "conntrack", "ipset", "dockerd", "docker", "crane", "packer"),
        *("mmdebstrap", "argocd", "envoy-gateway", "envoy"),
    ],
)
def test_every_name_that_other_rooms_use_stands_for_a_tool(name: str) -> None:
    tool = catalog.find(name)
    assert name == tool.name or name in tool.executables


def test_an_unknown_name_is_refused_with_the_way_to_the_list() -> None:
    with pytest.raises(UnknownTool, match=r"'kubectx' is neither.*python -m tools list"):
        catalog.find("kubectx")


def test_groups_part_the_tools() -> None:
    grouped = [name for names in catalog.GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(tool.name for tool in catalog.TOOLS)


def test_what_the_first_update_needs_comes_before_all_else() -> None:
    groups = [tool.group.value for tool in catalog.TOOLS]
    assert groups == sorted(groups, key=["deploy", "yard", "platform"].index)


@EVERY
def test_commands_have_one_owner(tool: Tool) -> None:
    for command in tool.executables:
        assert catalog.find(command) is tool


@EVERY
def test_path_comes_first_where_it_is_allowed_at_all(tool: Tool) -> None:
    places = [index for index, one in enumerate(tool.sources) if isinstance(one, OnPath)]
    assert places in ([], [0]), "what the machine has is looked at before anything is fetched"
    assert tool.probe is not None or not places, "a tool on PATH must be able to tell its version"


@EVERY
def test_binaries_that_go_into_images_are_ours(tool: Tool) -> None:
    if tool.group.value == "platform":
        assert not any(isinstance(source, OnPath) for source in tool.sources)


@EVERY
def test_what_is_fetched_is_pinned_by_committed_checksums(tool: Tool) -> None:
    for source in tool.sources:
        if isinstance(source, GoBuild):
            room = HERE / "go" / source.room.name
            assert (room / "go.sum").stat().st_size
            package = source.package
            if package.startswith("./"):
                assert (room / package / "main.go").is_file()
            else:
                assert package in (room / "go.mod").read_text(), "listed as `tool` in go.mod"
        if isinstance(source, Wheel):
            assert "--hash=sha256:" in (HERE / "pypi" / source.requirements).read_text()
        if isinstance(source, Deb):
            assert set(source.files) == set(tool.executables)
