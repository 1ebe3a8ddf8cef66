"""`switchyard override`: a key, a signature on the switch, and what it changes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import shop_story
from budget_story import ASKED, answers, objective
from cli_runs import run

from cli import override_state, stack_file
from cli.override import PASSPHRASE
from evidence.override import ANNOTATION, verify

if TYPE_CHECKING:
    from pathlib import Path

    from cli_runs import CommandLine, Outcome
    from fake_kube import FakeApi

pytestmark = pytest.mark.pure

RELEASE = shop_story.RELEASE["green"]
REASON = "the fix for the outage"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "alice.pem"
    made = run("override", "keygen", str(path), "--json")
    assert made.code == 0, made.err
    return path


def public(key: Path) -> str:
    """The public half, as keygen told it, made anew from the private one."""
    from cli.override import load_key  # noqa: PLC0415 - its import costs what few tests need
    from evidence.dsse import public_line  # noqa: PLC0415 - as above

    return public_line(load_key(key))


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, key: Path) -> Path:
    """A stack file `Pulumi.local.yaml` that trusts alice's key."""
    path = tmp_path / "Pulumi.local.yaml"
    path.write_text(f'config:\n  switchyard:trustedKeys:\n    alice: "{public(key)}"\n')
    monkeypatch.setattr(stack_file, "PROJECT", tmp_path)
    return path


@pytest.fixture
def frozen(api: FakeApi) -> FakeApi:
    """A release of green that waits, for the budget is spent."""
    switch = shop_story.to_green("Preparing", 0)
    switch["spec"]["errorBudget"] = ASKED
    api.put(switch)
    answers(api, objective("availability", 0.99, 450, 36_000), objective("latency", 0.95, 0, 1))
    return api


def sign(switchyard: CommandLine, key: Path, *more: str) -> Outcome:
    return switchyard("override", "--reason", REASON, "--key", str(key), *more)


def failure(outcome: Outcome) -> str:
    error: dict[str, Any] = json.loads(outcome.out)["error"]
    assert set(error) == {"value", "consequence", "fix", "exit_code"}
    return f"{error['value']} | {error['consequence']} | {error['fix']}"


def test_a_signed_override_frees_the_release_and_says_who_and_why(
    frozen: FakeApi, switchyard: CommandLine, key: Path, trusting: Path
) -> None:
    assert trusting.exists()
    assert switchyard("budget").code == 1
    made = sign(switchyard, key, "--expires", "1h30m", "--json")
    assert made.code == 0, made.err
    document = made.document
    assert (document["release"], document["signer"], document["reason"]) == (
        RELEASE,
        "alice",
        REASON,
    )
    ends = datetime.fromisoformat(document["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=89) < ends <= timedelta(minutes=90)
    after = switchyard("budget", "--json")
    assert after.code == 0
    (twin,) = after.document["twins"]
    assert twin["override"]["holds"] is True
    assert not twin["throttle"]["frozen"]
    assert REASON in twin["throttle"]["reason"]
    assert f"alice until {document['expires_at'][:16]}" in twin["override"]["sentence"]
    assert ANNOTATION in frozen.switches["shop"]["metadata"]["annotations"]


def test_what_is_put_on_the_switch_is_what_the_controller_verifies(
    frozen: FakeApi, switchyard: CommandLine, key: Path, trusting: Path
) -> None:
    assert trusting.exists()
    assert sign(switchyard, key).code == 0
    found = verify(
        frozen.switches["shop"]["metadata"]["annotations"][ANNOTATION],
        twin="shop",
        release=RELEASE,
        digests=shop_story.DIGESTS["green"],
        trusted={"alice": public(key)},
        now=datetime.now(UTC),
    )
    assert (found.signer, found.reason) == ("alice", REASON)


def test_a_withdrawn_override_freezes_again(
    frozen: FakeApi, switchyard: CommandLine, key: Path, trusting: Path
) -> None:
    assert trusting.exists()
    assert sign(switchyard, key).code == 0
    assert switchyard("override", "withdraw", "--json").document == {
        "twin": "shop",
        "withdrawn": True,
    }
    assert ANNOTATION not in frozen.switches["shop"]["metadata"].get("annotations", {})
    assert switchyard("budget").code == 1
    assert switchyard("override", "withdraw", "--json").document["withdrawn"] is False


@pytest.mark.usefixtures("frozen")
def test_an_untrusted_key_is_told_before_anything_is_written(
    api: FakeApi, switchyard: CommandLine, key: Path, trusting: Path
) -> None:
    trusting.write_text("config:\n  switchyard:trustedKeys: {}\n")
    refused = sign(switchyard, key, "--json")
    assert refused.code == 1
    assert "not among the trusted keys" in failure(refused)
    assert public(key) in failure(refused), "the fix is a line to copy"
    assert not api.patches


@pytest.mark.usefixtures("frozen")
def test_without_the_stack_file_it_is_signed_and_the_doubt_told(
    switchyard: CommandLine, key: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(stack_file, "PROJECT", tmp_path)
    made = sign(switchyard, key)
    assert made.code == 0
    assert "whether the key is trusted, is not known" in made.err
    (twin,) = switchyard("budget", "--json").document["twins"]
    assert twin["override"]["holds"] is None
    assert twin["throttle"]["frozen"], "a doubt frees nothing"


def test_an_override_that_does_not_hold_says_why(
    frozen: FakeApi, switchyard: CommandLine, key: Path, trusting: Path
) -> None:
    assert sign(switchyard, key).code == 0
    trusting.write_text("config:\n  switchyard:trustedKeys: {}\n")
    (twin,) = switchyard("budget", "--json").document["twins"]
    assert twin["override"]["holds"] is False
    assert "trusted: nobody" in twin["override"]["sentence"]
    assert twin["throttle"]["frozen"]
    assert "override: does not hold" in switchyard("budget").out
    assert frozen.switches


def test_a_release_that_ended_has_nothing_to_override(
    api: FakeApi, switchyard: CommandLine, key: Path, trusting: Path
) -> None:
    assert trusting.exists()
    api.put(shop_story.on_blue())
    refused = sign(switchyard, key, "--json")
    assert refused.code == 1
    assert "nothing to override" in failure(refused)
    assert not api.patches


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--expires", "tomorrow"), "--expires tomorrow"),
        (("--expires", ""), "when the override ends would not be known"),
        (("--expires", "25h"), "at most 24 hours"),
        (("--expires", "0m"), "at most 24 hours"),
        (("--reason", "  "), "it gives no reason"),
    ],
)
@pytest.mark.usefixtures("frozen", "trusting")
def test_what_would_count_for_nothing_is_refused(
    api: FakeApi, switchyard: CommandLine, key: Path, options: tuple[str, ...], told: str
) -> None:
    refused = sign(switchyard, key, *options, "--json")
    assert refused.code == 2
    assert told in failure(refused)
    assert not api.patches


@pytest.mark.parametrize("missing", ["--reason", "--key"])
def test_reason_and_key_must_be_given(switchyard: CommandLine, key: Path, missing: str) -> None:
    given = {"--reason": REASON, "--key": str(key)}
    del given[missing]
    refused = switchyard("override", *next(iter(given.items())), "--json")
    assert refused.code == 2
    assert f"{missing} not given" in failure(refused)


def test_an_option_before_withdraw_is_refused_and_not_lost(switchyard: CommandLine) -> None:
    refused = switchyard("override", "--stack", "prod", "withdraw")
    assert refused.code == 2
    assert "write options after it" in refused.err


def test_a_private_key_is_its_owners_alone_and_never_overwritten(key: Path) -> None:
    assert key.stat().st_mode & 0o777 == 0o600
    before = key.read_bytes()
    again = run("override", "keygen", str(key), "--json")
    assert again.code == 2
    assert key.read_bytes() == before


@pytest.mark.usefixtures("frozen", "trusting")
def test_a_key_that_others_can_read_signs_nothing(switchyard: CommandLine, key: Path) -> None:
    key.chmod(0o644)
    refused = sign(switchyard, key, "--json")
    assert refused.code == 2
    assert "chmod 600" in failure(refused)


@pytest.mark.parametrize("text", ["", "not a key", "ELLIPTIC"])
@pytest.mark.usefixtures("frozen", "trusting")
def test_a_file_that_holds_no_such_key_signs_nothing(
    switchyard: CommandLine, key: Path, text: str
) -> None:
    if text == "ELLIPTIC":
        from cryptography.hazmat.primitives import serialization as s  # noqa: PLC0415 - one case
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - one case

        key.write_bytes(
            ec.generate_private_key(ec.SECP256R1()).private_bytes(
                s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()
            )
        )
    else:
        key.write_text(text)
    refused = sign(switchyard, key, "--json")
    assert refused.code == 2
    assert "nothing was signed" in failure(refused)


@pytest.mark.usefixtures("frozen")
def test_an_encrypted_key_opens_with_its_passphrase_alone(
    switchyard: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack_file, "PROJECT", tmp_path)
    monkeypatch.setenv(PASSPHRASE, "correct horse")
    path = tmp_path / "bob.pem"
    assert run("override", "keygen", str(path), "--json").document["encrypted"] is True
    assert b"ENCRYPTED" in path.read_bytes()
    assert sign(switchyard, path).code == 0
    for wrong in ("battery", None):
        if wrong is None:
            monkeypatch.delenv(PASSPHRASE)
        else:
            monkeypatch.setenv(PASSPHRASE, wrong)
        refused = sign(switchyard, path, "--json")
        assert refused.code == 2
        assert PASSPHRASE in failure(refused)


def test_keygen_tells_the_line_that_the_stack_file_wants(tmp_path: Path) -> None:
    shown = run("override", "keygen", str(tmp_path / "k.pem")).out
    assert "switchyard:trustedKeys: {YOUR-NAME: " in shown
    assert public(tmp_path / "k.pem") in shown


@pytest.mark.usefixtures("frozen")
def test_trusted_keys_that_are_no_mapping_are_invalid(
    switchyard: CommandLine, key: Path, trusting: Path
) -> None:
    trusting.write_text("config:\n  switchyard:trustedKeys: [alice]\n")
    refused = sign(switchyard, key, "--json")
    assert refused.code == 2
    assert override_state.TRUSTED_KEYS in failure(refused)
