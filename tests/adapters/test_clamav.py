"""clamd is asked over its own wire, and every answer but a clear yes keeps the upload out."""

from __future__ import annotations

from pathlib import Path

import pytest

from huiliu.adapters.clamav import BadScannerSetting, Clamd, open_scanner
from huiliu.adapters.files import LocalFiles
from huiliu.evidence.errors import BrokenPicture, InfectedFile, ScannerDown
from huiliu.evidence.files import keep_picture
from huiliu.evidence.scan import Clean, Infected, Unreachable
from huiliu.kit.keyring import Keyring
from huiliu.kit.settings import Settings
from tests.adapters.fake_clamd import EICAR, FakeClamd, clamd_on_socket, clamd_on_tcp
from tests.make.pictures import jpeg

KAMEN = 1


async def test_a_clean_file_is_sent_whole_and_said_to_be_clean() -> None:
    clamd = FakeClamd()
    data = bytes(range(256)) * 3000
    async with clamd_on_tcp(clamd) as address:
        assert await Clamd(address).scan(data) == Clean()
    assert clamd.seen == [data]


async def test_a_known_file_is_named(tmp_path: Path) -> None:
    async with clamd_on_socket(FakeClamd(), tmp_path / "clamd.ctl") as address:
        assert await Clamd(address).scan(b"x" + EICAR) == Infected("Eicar-Test-Signature")


@pytest.mark.parametrize(
    "reply", [b"stream: \0", b"ERROR\0", b"stream: OK FOUND ERROR\0", b"\0", b"no end", b"x" * 9000]
)
async def test_an_answer_that_is_no_verdict_is_none(reply: bytes) -> None:
    clamd = FakeClamd()
    clamd.reply = reply
    async with clamd_on_tcp(clamd) as address:
        assert isinstance(await Clamd(address).scan(b"x"), Unreachable)


async def test_a_file_too_large_for_clamd_has_no_verdict() -> None:
    async with clamd_on_tcp(FakeClamd()) as address:
        assert isinstance(await Clamd(address).scan(b"\0" * 2 * 1024 * 1024), Unreachable)


async def test_nobody_there_is_no_verdict(tmp_path: Path) -> None:
    async with clamd_on_tcp(FakeClamd()) as address:
        gone = address
    assert isinstance(await Clamd(gone).scan(b"x"), Unreachable)
    assert isinstance(await Clamd(str(tmp_path / "nothing")).scan(b"x"), Unreachable)


async def test_a_mute_clamd_is_not_waited_for() -> None:
    clamd = FakeClamd()
    clamd.is_mute = True
    async with clamd_on_tcp(clamd) as address:
        assert await Clamd(address, seconds_max=0.1).scan(b"x") == Unreachable("TimeoutError")


@pytest.mark.parametrize("address", ["clamd", "clamd:", ":3310", "clamd:x", "clamd:99999", "run/clamd.ctl"])
def test_a_setting_that_names_nobody_stops_the_start(address: str) -> None:
    with pytest.raises(BadScannerSetting):
        open_scanner(Settings(clamav=address))


def test_without_the_setting_nothing_is_scanned() -> None:
    assert open_scanner(Settings()) is None
    assert open_scanner(Settings(clamav="[::1]:3310")) is not None


async def test_what_the_scanner_does_not_clear_is_not_kept(tmp_path: Path, keyring: Keyring) -> None:
    files = LocalFiles(tmp_path / "files", keyring)
    async with clamd_on_tcp(FakeClamd()) as address:
        with pytest.raises(InfectedFile):
            await keep_picture(files, KAMEN, jpeg() + EICAR, scanner=Clamd(address))
        with pytest.raises(BrokenPicture):
            await keep_picture(files, KAMEN, jpeg()[:300], scanner=Clamd(address))
    with pytest.raises(ScannerDown):
        await keep_picture(files, KAMEN, jpeg(), scanner=Clamd(address))
    assert not [path for path in (tmp_path / "files").rglob("*") if path.is_file()]
    async with clamd_on_tcp(FakeClamd()) as address:
        assert (await keep_picture(files, KAMEN, jpeg(), scanner=Clamd(address))).width == 360
