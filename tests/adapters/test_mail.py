"""Mail leaves by SMTP or into a folder, whole or not at all, and never takes anybody down with it."""

from __future__ import annotations

import socketserver
import stat
import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from huiliu.adapters import mail
from huiliu.adapters.mail import BadMailSetting, Outbox, SmtpCourier, open_courier
from huiliu.kit.settings import Settings
from huiliu.people.messages import Delivered, Message, NotDelivered
from tests.conftest import NOW

HELLO = Message("xiaoman@example.com", "卡门：您的登录验证码", "您的验证码是 004217。\n.\n请不要告诉任何人。\n")


class Server(socketserver.ThreadingTCPServer):
    """The least SMTP server that smtplib talks to; `refuse` is the code it answers RCPT with."""

    daemon_threads = True

    def __init__(self, refuse: int = 0, *, hang_up: bool = False, goodbye: int = 221) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.refuse, self.hang_up, self.goodbye = refuse, hang_up, goodbye
        self.received: list[bytes] = []

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"


class _Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, Server)
        self.wfile.write(b"220 test\r\n")
        while line := self.rfile.readline():
            word = line.split(b" ")[0].strip().upper()
            if self.server.hang_up and word == b"MAIL":
                return
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                body = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    body += part.removeprefix(b".") if part.startswith(b"..") else part
                self.server.received.append(body)
            if word == b"QUIT":
                self.wfile.write(b"%d bye\r\n" % self.server.goodbye)
                return
            if word == b"RCPT" and self.server.refuse:
                self.wfile.write(b"%d no\r\n" % self.server.refuse)
            else:
                self.wfile.write(b"250 ok\r\n")


@contextmanager
def serving(server: Server) -> Generator[Server]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def courier(url: str) -> SmtpCourier:
    return SmtpCourier(url, sender="refund@kamen.example", clock=lambda: NOW)


async def test_the_outbox_keeps_one_readable_file_a_message(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox", clock=lambda: NOW)
    assert await outbox.deliver(HELLO) == Delivered()
    assert await outbox.deliver(HELLO) == Delivered()
    first, _ = files(tmp_path / "outbox")
    assert first.name.startswith("20261123T020000")
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    read = message_from_bytes(first.read_bytes(), policy=policy.default)
    assert read["To"] == HELLO.to
    assert read["Subject"] == HELLO.subject
    assert read.get_content() == HELLO.text


async def test_the_outbox_takes_messages_to_telephones_too(tmp_path: Path) -> None:
    assert (
        await Outbox(tmp_path, clock=lambda: NOW).deliver(Message("13812345678", "验证码", "004217\n")) == Delivered()
    )
    (file,) = files(tmp_path)
    assert message_from_bytes(file.read_bytes())["Huiliu-Contact"] == "13812345678"


async def test_a_line_break_cannot_forge_a_header(tmp_path: Path) -> None:
    for forged in (
        Message("a@b.cn\nBcc: everybody@example.com", "s", "t"),
        Message("a@b.cn", "s\r\nBcc: everybody@example.com", "t"),
    ):
        answer = await Outbox(tmp_path).deliver(forged)
        assert isinstance(answer, NotDelivered)
        assert not answer.is_retriable
    assert files(tmp_path) == []


async def test_the_outbox_stays_bounded_and_drops_the_oldest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "OUTBOX_FILES_MAX", 3)
    for n in range(5):
        at = NOW + timedelta(seconds=n)
        await Outbox(tmp_path, clock=lambda at=at: at).deliver(HELLO)
    assert [file.name[:15] for file in files(tmp_path)] == [
        "20261123T020002",
        "20261123T020003",
        "20261123T020004",
    ]


async def test_an_outbox_that_cannot_be_written_is_an_answer_not_a_crash(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    answer = await Outbox(tmp_path / "file" / "outbox").deliver(HELLO)
    assert isinstance(answer, NotDelivered)
    assert answer.is_retriable


async def test_smtp_carries_chinese_and_lone_dots_whole() -> None:
    with serving(Server()) as server:
        assert await courier(server.url).deliver(HELLO) == Delivered()
    (received,) = server.received
    read = message_from_bytes(received, policy=policy.default)
    assert read["From"] == "refund@kamen.example"
    assert read["Subject"] == HELLO.subject
    assert read.get_content().replace("\r\n", "\n") == HELLO.text


async def test_a_rude_goodbye_does_not_take_an_accepted_message_back() -> None:
    with serving(Server(goodbye=500)) as server:
        assert await courier(server.url).deliver(HELLO) == Delivered()
    assert len(server.received) == 1


@pytest.mark.parametrize(("code", "is_retriable"), [(450, True), (550, False)])
async def test_a_refused_recipient_is_retriable_only_when_the_server_says_so(code: int, *, is_retriable: bool) -> None:
    with serving(Server(refuse=code)) as server:
        answer = await courier(server.url).deliver(HELLO)
    assert answer == NotDelivered(f"smtp {code}", is_retriable=is_retriable)


async def test_a_server_that_hangs_up_or_is_not_there_may_be_tried_again() -> None:
    with serving(Server(hang_up=True)) as server:
        answer = await courier(server.url).deliver(HELLO)
    assert isinstance(answer, NotDelivered)
    assert answer.is_retriable
    gone = await courier(server.url).deliver(HELLO)
    assert isinstance(gone, NotDelivered)
    assert gone.is_retriable


async def test_smtp_sends_nothing_to_a_telephone() -> None:
    with serving(Server()) as server:
        answer = await courier(server.url).deliver(Message("13812345678", "s", "t"))
    assert answer == NotDelivered("not an e-mail address", is_retriable=False)
    assert server.received == []


@pytest.mark.parametrize(
    "url", ["", "mail.example.com", "http://mail.example.com", "smtp://", "smtp://host:port", "smtp://["]
)
def test_a_bad_mail_setting_is_named_at_the_start(url: str) -> None:
    with pytest.raises(BadMailSetting):
        courier(url)


def test_settings_choose_who_carries(tmp_path: Path) -> None:
    assert isinstance(open_courier(Settings(data_dir=tmp_path)), Outbox)
    assert isinstance(open_courier(Settings(data_dir=tmp_path, smtp_url="smtps://u:p@mail.example.com")), SmtpCourier)
