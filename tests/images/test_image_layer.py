"""A layer holds what baking added, and nothing of the moment or the machine."""

import hashlib
import io
import os
import tarfile
from pathlib import Path

import pytest

from images.layer import EPOCH, Content, Finish, pack, write_layer

pytestmark = pytest.mark.pure

Member = tuple[str, dict[str, object], bytes]


def _file(name: str, content: bytes = b"", **fields: object) -> Member:
    return name, {"mode": 0o644, **fields}, content


def _folder(name: str, **fields: object) -> Member:
    return name, {"type": tarfile.DIRTYPE, "mode": 0o755, **fields}, b""


def _link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> Member:
    return name, {"type": kind, "linkname": target}, b""


def _tar(path: Path, *members: Member) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, fields, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for field, value in fields.items():
                setattr(info, field, value)
            archive.addfile(info, io.BytesIO(content))
    return path


def _layer(tmp_path: Path, exported: list[Member], base: list[Member], finish: Finish) -> Path:
    layer = tmp_path / "layer.tar"
    write_layer(
        _tar(tmp_path / "exported.tar", *exported),
        _tar(tmp_path / "base.tar", *base),
        layer,
        finish,
    )
    return layer


def _names(layer: Path) -> list[str]:
    with tarfile.open(layer) as archive:
        return archive.getnames()


def test_a_layer_holds_what_the_base_has_not(tmp_path: Path) -> None:
    base = [_folder("etc"), _file("etc/same", b"1"), _file("etc/changed", b"1")]
    exported = [*base[:2], _file("etc/changed", b"2"), _file("etc/new"), _link("sh", "dash")]
    layer = _layer(tmp_path, exported, base, Finish())
    assert _names(layer) == ["etc/changed", "etc/new", "sh"]


def test_a_change_of_mode_owner_or_kind_counts_and_a_change_of_time_does_not(
    tmp_path: Path,
) -> None:
    base = [_file("mode"), _file("owner"), _file("kind"), _file("time", mtime=1)]
    exported = [
        _file("mode", mode=0o755),
        _file("owner", uid=5),
        _link("kind", "mode"),
        _file("time", mtime=99),
    ]
    assert _names(_layer(tmp_path, exported, base, Finish())) == ["kind", "mode", "owner"]


def test_what_was_removed_is_whited_out_once(tmp_path: Path) -> None:
    base = [_folder("etc"), _file("etc/gone"), _folder("opt"), _file("opt/gone-with-it")]
    layer = _layer(tmp_path, [_folder("etc")], base, Finish())
    assert _names(layer) == [".wh.opt", "etc/.wh.gone"]


def test_nothing_of_the_runtime_or_of_packer_stays(tmp_path: Path) -> None:
    runtime = [
        _file(".dockerenv"),
        _file("etc/resolv.conf", b"nameserver 192.0.2.1"),
        _file("etc/hosts", b"127.0.0.1"),
        _file("etc/hostname", b"3f9c"),
        _folder("dev"),
        _file("dev/console"),
        _folder("packer-files"),
        _file("usr/bin/sh"),
    ]
    layer = _layer(
        tmp_path,
        [*runtime, _file("etc/hosts.allow")],
        [],
        Finish(dropped=("packer-files", "usr/bin/sh")),
    )
    assert _names(layer) == ["etc/hosts.allow"]


def test_only_the_users_folders_belong_to_the_user(tmp_path: Path) -> None:
    layer = _layer(tmp_path, [_folder("data"), _file("app")], [], Finish(owned=("/data",), uid=999))
    with tarfile.open(layer) as archive:
        owners = {member.name: (member.uid, member.gid) for member in archive}
    assert owners == {"app": (0, 0), "data": (999, 999)}


def test_hard_links_stay_links_and_setuid_bits_do_not_stay(tmp_path: Path) -> None:
    exported = [_file("b", b"x" * 100, mode=0o4755), _link("a", "b", kind=tarfile.LNKTYPE)]
    with tarfile.open(_layer(tmp_path, exported, [], Finish())) as archive:
        first, second = archive.getmembers()
        assert first.name == "a"
        assert first.isfile()
        assert first.mode == 0o755, "no program of an image runs as another user"
        assert second.islnk()
        assert second.linkname == "a"


def test_a_folder_packs_to_equal_bytes_whatever_the_times_and_the_order(tmp_path: Path) -> None:
    digests = set[str]()
    for turn, order in enumerate([("b", "a", "c"), ("c", "a", "b")]):
        root = tmp_path / f"root-{turn}"
        root.mkdir()
        for name in order:
            (root / name).write_text(name)
            os.utime(root / name, (turn, turn))
        target = tmp_path / f"{turn}.tar"
        pack(Content.of_folder(root), target)
        digests.add(hashlib.sha256(target.read_bytes()).hexdigest())
    assert len(digests) == 1
    with tarfile.open(tmp_path / "0.tar") as archive:
        assert {member.mtime for member in archive} == {EPOCH}
