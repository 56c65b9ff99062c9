"""`huiliu platform`, `huiliu staff`, `huiliu keys`: who there is and what opens for them.

Whoever may run these commands on the server acts as an administrator; the journal says 系统.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import click

from huiliu.cli.runtime import Runtime, open_runtime
from huiliu.cli.words import terminal_lang
from huiliu.kit.db import Tx, transaction
from huiliu.kit.text import say
from huiliu.people import reads
from huiliu.people.actor import system_actor
from huiliu.people.api_keys import create_key, revoke_key
from huiliu.people.model import Platform, Role, Scope, Staff
from huiliu.people.passwords import generate_password, hash_password
from huiliu.people.platforms import create_platform
from huiliu.people.staff import create_staff, disable_staff, operator, reset_staff

PLATFORM_OPTION = click.option("--platform", "slug", required=True, help="The platform's short name.")
PASSWORD_OPTION = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input; otherwise one is made and shown."
)
LINE_MAX = 1_000


@dataclass(frozen=True, slots=True)
class _Office:
    """One command's work on one platform."""

    runtime: Runtime
    platform: Platform
    tx: Tx
    operator: Staff


@asynccontextmanager
async def _office(runtime: Runtime, slug: str) -> AsyncGenerator[_Office]:
    platform = await reads.platform_by_slug(runtime.pool, slug)
    async with transaction(runtime.pool, system_actor(platform.id)) as tx:
        yield _Office(runtime, platform, tx, operator(platform.id))


def _run(work: Callable[[Runtime], Coroutine[None, None, None]]) -> None:
    async def run() -> None:
        async with open_runtime() as runtime:
            await work(runtime)

    asyncio.run(run())


def _say(key: str, **facts: object) -> None:
    click.echo(say(terminal_lang(), f"people.cli.{key}", **facts))


def _password(*, from_stdin: bool) -> str:
    return sys.stdin.readline(LINE_MAX).rstrip("\r\n") if from_stdin else generate_password()


@click.group()
def platform() -> None:
    """Platforms: add, list."""


@platform.command("add")
@click.argument("slug")
@click.option("--name", required=True, help="What buyers see, in Chinese.")
@click.option("--name-en", required=True, help="What buyers see, in English.")
def platform_add(slug: str, *, name: str, name_en: str) -> None:
    """Add a platform; SLUG becomes the first part of its addresses."""

    async def work(runtime: Runtime) -> None:
        made = await create_platform(runtime.pool, slug, name=name, name_en=name_en)
        _say("platform_added", name=made.name, url=f"{runtime.settings.public_url}/{made.slug}/")

    _run(work)


@platform.command("list")
def platform_list() -> None:
    """List the platforms of this installation."""

    async def work(runtime: Runtime) -> None:
        for found in await reads.platform_list(runtime.pool):
            click.echo(f"{found.slug}\t{found.name}\t{found.name_en}")

    _run(work)


@click.group()
def staff() -> None:
    """Staff of a platform: add, list, disable, reset."""


@staff.command("add")
@PLATFORM_OPTION
@click.option("--login", required=True)
@click.option("--name", required=True)
@click.option("--role", "roles", type=click.Choice([role.value for role in Role]), multiple=True, required=True)
@PASSWORD_OPTION
def staff_add(slug: str, *, login: str, name: str, roles: tuple[str, ...], password_stdin: bool) -> None:
    """Add somebody; the first sign-in sets the authenticator up."""
    password = _password(from_stdin=password_stdin)

    async def work(runtime: Runtime) -> None:
        hashed = await hash_password(password)
        async with _office(runtime, slug) as office:
            made = await create_staff(
                office.tx,
                office.operator,
                keyring=runtime.keyring,
                login=login,
                name=name,
                roles={Role(role) for role in roles},
                password_hash=hashed,
            )
        _say("staff_added", name=made.name, login=made.login)
        _show_password(password, is_given=password_stdin)
        _say("sign_in_at", url=f"{runtime.settings.public_url}/{slug}/desk/login")

    _run(work)


@staff.command("list")
@PLATFORM_OPTION
def staff_list(slug: str) -> None:
    """List everybody who works for a platform."""

    async def work(runtime: Runtime) -> None:
        async with _office(runtime, slug) as office:
            lines = await reads.staff_list(office.tx, office.operator)
        for line in lines:
            roles = ",".join(role.value for role in line.roles)
            click.echo(f"{line.login}\t{line.name}\t{roles}\t{_state(line)}")

    _run(work)


def _state(line: reads.StaffLine) -> str:
    if line.disabled_at is not None:
        state = "disabled"
    elif line.paused_until is not None:
        state = "paused"
    else:
        state = "active" if line.has_authenticator else "no_authenticator"
    return say(terminal_lang(), f"people.cli.state.{state}")


@staff.command("disable")
@PLATFORM_OPTION
@click.argument("login")
def staff_disable(slug: str, *, login: str) -> None:
    """Close LOGIN's account and sign it out everywhere."""

    async def work(runtime: Runtime) -> None:
        async with _office(runtime, slug) as office:
            found = await reads.staff_by_login(office.tx, office.operator, login=login)
            await disable_staff(office.tx, office.operator, staff_id=found.id)
        _say("staff_disabled", name=found.name)

    _run(work)


@staff.command("reset")
@PLATFORM_OPTION
@click.argument("login")
@PASSWORD_OPTION
def staff_reset(slug: str, *, login: str, password_stdin: bool) -> None:
    """Give LOGIN a new password, sign it out everywhere, and have the authenticator set up again."""
    password = _password(from_stdin=password_stdin)

    async def work(runtime: Runtime) -> None:
        hashed = await hash_password(password)
        async with _office(runtime, slug) as office:
            found = await reads.staff_by_login(office.tx, office.operator, login=login)
            await reset_staff(office.tx, office.operator, staff_id=found.id, password_hash=hashed)
        _say("staff_reset", name=found.name)
        _show_password(password, is_given=password_stdin)

    _run(work)


def _show_password(password: str, *, is_given: bool) -> None:
    if not is_given:
        _say("password", password=password)


@click.group()
def keys() -> None:
    """API keys of a platform: add, list, revoke."""


@keys.command("add")
@PLATFORM_OPTION
@click.option("--name", required=True, help="Which machine it is for.")
@click.option("--scope", "scopes", type=click.Choice([scope.value for scope in Scope]), multiple=True, required=True)
def keys_add(slug: str, *, name: str, scopes: tuple[str, ...]) -> None:
    """Make a key and show it, this once."""

    async def work(runtime: Runtime) -> None:
        async with _office(runtime, slug) as office:
            made = await create_key(
                office.tx,
                office.operator,
                keyring=runtime.keyring,
                platform=office.platform,
                name=name,
                scopes={Scope(scope) for scope in scopes},
            )
        _say("key_added", name=made.key.name, id=made.key.id)
        click.echo(made.token)

    _run(work)


@keys.command("list")
@PLATFORM_OPTION
def keys_list(slug: str) -> None:
    """List the keys of a platform."""

    async def work(runtime: Runtime) -> None:
        async with _office(runtime, slug) as office:
            lines = await reads.key_list(office.tx, office.operator)
        for line in lines:
            state = say(terminal_lang(), f"people.cli.state.{'revoked' if line.revoked_at else 'active'}")
            click.echo(f"{line.id}\t{line.name}\t{','.join(scope.value for scope in line.scopes)}\t{state}")

    _run(work)


@keys.command("revoke")
@PLATFORM_OPTION
@click.argument("key_id", type=click.UUID)
def keys_revoke(slug: str, *, key_id: UUID) -> None:
    """Close a key; it stops working within seconds."""

    async def work(runtime: Runtime) -> None:
        async with _office(runtime, slug) as office:
            await revoke_key(office.tx, office.operator, key_id=key_id)
        _say("key_revoked", id=key_id)

    _run(work)
