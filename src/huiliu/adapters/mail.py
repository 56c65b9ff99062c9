"""Mail out: an SMTP server when one is set, else one .eml file a message in data_dir/outbox. Never in a transaction."""

from __future__ import annotations

import os
import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import final
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from anyio import CapacityLimiter, to_thread

from huiliu.kit.db import utc_now
from huiliu.kit.settings import Settings
from huiliu.people.messages import Courier, Delivered, Delivery, Message, NotDelivered

SMTP_TIMEOUT_SECONDS = 15
SMTP_AT_ONCE = 4
OUTBOX_FILES_MAX = 1_000
"""The oldest go first: the outbox is for trying things out, not an archive."""
FILE_MODE, FOLDER_MODE = 0o600, 0o700
"""The messages hold contacts and codes: for the program's own user only."""
SENDER = "huiliu@localhost"
PORT_PLAIN, PORT_TLS = 587, 465


class BadMailSetting(Exception):
    """HUILIU_SMTP_URL is not smtp://[user:password@]host[:port] or smtps://..."""


def open_courier(settings: Settings, *, clock: Callable[[], datetime] = utc_now) -> Courier:
    """Whoever carries mail under these settings. Raises BadMailSetting."""
    sender = settings.mail_from or SENDER
    if settings.smtp_url:
        return SmtpCourier(settings.smtp_url, sender=sender, clock=clock)
    return Outbox(settings.data_dir / "outbox", sender=sender, clock=clock)


@final
class Outbox:
    """Writes messages to files, complete or not at all."""

    def __init__(self, folder: Path, *, sender: str = SENDER, clock: Callable[[], datetime] = utc_now) -> None:
        self._folder = folder
        self._sender = sender
        self._clock = clock

    async def deliver(self, message: Message) -> Delivery:
        """Keep the message as a file named by time, so that a folder listing is in order."""
        return await to_thread.run_sync(self._write, message)

    def _write(self, message: Message) -> Delivery:
        now = self._clock()
        content = _email(message, sender=self._sender, now=now)
        if content is None:
            return NotDelivered("unprintable address or subject", is_retriable=False)
        name = f"{now:%Y%m%dT%H%M%S%f}-{uuid4().hex[:8]}.eml"
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
            part = self._folder / f".{name}.part"
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE), "wb") as file:
                file.write(content.as_bytes())
            part.replace(self._folder / name)
            for old in sorted(self._folder.glob("*.eml"))[:-OUTBOX_FILES_MAX]:
                with suppress(FileNotFoundError):  # another process prunes too
                    old.unlink()
        except OSError as error:
            return NotDelivered(f"outbox: {error.strerror}", is_retriable=True)
        return Delivered()


@final
class SmtpCourier:
    """Hands messages to an SMTP server. Credentials travel only over TLS, or to this very machine."""

    def __init__(self, url: str, *, sender: str, clock: Callable[[], datetime] = utc_now) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise BadMailSetting(str(error)) from error
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise BadMailSetting("wanted smtp://[user:password@]host[:port] or smtps://...")
        self._host = parts.hostname
        self._is_tls = parts.scheme == "smtps"
        self._port = port or (PORT_TLS if self._is_tls else PORT_PLAIN)
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._sender = sender
        self._clock = clock
        self._limiter = CapacityLimiter(SMTP_AT_ONCE)

    async def deliver(self, message: Message) -> Delivery:
        """Hand one message to the server within SMTP_TIMEOUT_SECONDS a step."""
        if "@" not in message.to:
            return NotDelivered("not an e-mail address", is_retriable=False)
        content = _email(message, sender=self._sender, now=self._clock())
        if content is None:
            return NotDelivered("unprintable address or subject", is_retriable=False)
        return await to_thread.run_sync(self._send, content, limiter=self._limiter)

    def _send(self, content: EmailMessage) -> Delivery:
        try:
            server = self._connect()
            try:
                if self._user:
                    server.login(self._user, self._password)
                server.send_message(content)
            finally:
                # What goes wrong while saying goodbye does not take an accepted message back.
                with suppress(smtplib.SMTPException, OSError):
                    server.quit()
        except smtplib.SMTPResponseException as error:
            # 4xx: try again later; 5xx: never (RFC 5321, section 4.2.1). The server's text may quote the address.
            return NotDelivered(f"smtp {error.smtp_code}", is_retriable=400 <= error.smtp_code < 500)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            return NotDelivered(f"smtp {codes[0]}", is_retriable=all(400 <= code < 500 for code in codes))
        except (smtplib.SMTPException, OSError) as error:
            return NotDelivered(type(error).__name__, is_retriable=True)
        return Delivered()

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self._is_tls:
            return smtplib.SMTP_SSL(self._host, self._port, timeout=SMTP_TIMEOUT_SECONDS, context=context)
        server = smtplib.SMTP(self._host, self._port, timeout=SMTP_TIMEOUT_SECONDS)
        try:
            server.ehlo_or_helo_if_needed()
            if server.has_extn("starttls"):
                server.starttls(context=context)
            elif self._user and self._host not in ("127.0.0.1", "::1", "localhost"):
                raise smtplib.SMTPNotSupportedError("no TLS for the password")
        except BaseException:
            server.close()
            raise
        return server


def _email(message: Message, *, sender: str, now: datetime) -> EmailMessage | None:
    """The message in RFC 5322 form, or None when a header would be forged by a line break."""
    content = EmailMessage()
    try:
        content["From"] = sender
        # A telephone or QQ number is no mail address; only the outbox gets such messages.
        content["To" if "@" in message.to else "Huiliu-Contact"] = message.to
        content["Subject"] = message.subject
    except ValueError:
        return None
    content["Date"] = format_datetime(now)
    content["Message-ID"] = make_msgid(domain="huiliu")
    content.set_content(message.text)
    return content
