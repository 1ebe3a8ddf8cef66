"""What the yard's programs are told, where a mistake would only show under load or offline."""

from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from local import addresses, dns, gateway
from local.errors import YardError
from local.preflight import Finding, refuse

pytestmark = pytest.mark.pure


def test_no_two_programs_listen_on_one_address() -> None:
    places = [(address, port) for _, address, port in addresses.LISTENERS]
    assert len(set(places)) == len(places)


def test_nothing_listens_where_other_machines_could_reach_it() -> None:
    own = ip_network(addresses.NODE_NETWORK)
    for program, address, _ in addresses.LISTENERS:
        place = ip_address(address)
        assert place.is_loopback or place in own, f"{program} would be open to the network"


def test_the_networks_do_not_overlap_and_hold_their_addresses() -> None:
    node, pods, services = (ip_network(network) for network in addresses.NETWORKS)
    assert not node.overlaps(pods)
    assert not pods.overlaps(services)
    assert not node.overlaps(services)
    assert ip_address(addresses.GATEWAY_SERVICE) in services


def test_the_forwarder_goes_from_loopback_to_the_gateways_service() -> None:
    resources = gateway.bootstrap()["static_resources"]
    text = repr(resources)
    assert "'address': '127.0.0.1', 'port_value': 8080" in text
    assert "'address': '10.215.0.80', 'port_value': 80" in text
    assert "admin" not in gateway.bootstrap(), "an administration port would be one more listener"


def test_a_machine_without_resolvers_forwards_no_names(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text("# nameserver 192.0.2.1\nsearch example\n")
    assert "forward" not in dns.corefile(Path("/k"), file)
    assert "forward" not in dns.corefile(Path("/k"), tmp_path / "missing")
    file.write_text("nameserver 192.0.2.1\n")
    assert f"forward . {file}" in dns.corefile(Path("/k"), file)


def test_a_machine_that_is_not_fit_is_refused_with_every_reason() -> None:
    fine = Finding(name="disk", ok=True, found="20 GiB")
    bad = Finding(name="root", ok=False, found="user id 7", consequence="No.", fix="Use sudo.")
    worse = Finding(name="memory", ok=False, found="1 GiB", consequence="Kills.", fix="Buy.")
    refuse([fine])
    with pytest.raises(YardError) as caught:
        refuse([fine, bad, worse])
    assert "root: user id 7. No. Use sudo." in str(caught.value)
    assert "memory: 1 GiB. Kills. Buy." in str(caught.value)
    assert "disk" not in str(caught.value)
