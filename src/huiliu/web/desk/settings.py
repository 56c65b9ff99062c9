"""What an administrator sets: people, keys, and above which amount two people decide."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct, ValidationError, convert, structs, to_builtins

from huiliu.kit.db import Tx
from huiliu.kit.errors import Invalid, Refusal
from huiliu.kit.money import Money, parse_minor
from huiliu.people.api_keys import KEY_NAME_MAX, create_key, revoke_key
from huiliu.people.model import Permission, PlatformSettings, Role, Scope, Staff
from huiliu.people.passwords import generate_password, hash_password
from huiliu.people.platforms import change_settings
from huiliu.people.reads import KeyLine, StaffLine, key_list, load_platform, staff_list
from huiliu.people.restrictions.model import MEMORY_DAYS_MAX, Level
from huiliu.people.staff import STAFF_NAME_MAX, create_staff, disable_staff, reset_staff
from huiliu.web.desk.desk import Desk, at_desk, desk_of
from huiliu.web.form import Form, HttpRequest, read_form
from huiliu.web.page import Notice, notice_of, see, show
from huiliu.web.visit import FromVisit, Visit

AMOUNT_MAX = 20


class RolesMissing(Refusal):
    """Somebody without a role could do nothing here."""

    code = "desk.roles_missing"
    status = 422


class ScopesMissing(Refusal):
    """A key without a scope opens nothing."""

    code = "desk.scopes_missing"
    status = 422


class ShownOnce(Struct, frozen=True):
    """A secret just made: `kind` is password or key. Shown on this answer and never again."""

    kind: str
    name: str
    secret: str


class VerificationFields(Struct, frozen=True, kw_only=True):
    """What inspections compare with, and what restrictions go by, as fields of a form."""

    payee_names: str
    """One a line."""
    memory_days: str
    ladder: tuple[str, ...]
    levels: tuple[Level, ...] = tuple(Level)
    memory_days_max: int = MEMORY_DAYS_MAX


class SettingsPage(Struct, frozen=True, kw_only=True):
    """People, keys, the limit."""

    desk: Desk
    people: list[StaffLine]
    keys: list[KeyLine]
    limit: Money
    verification: VerificationFields
    me: UUID
    typed: dict[str, str]
    roles: tuple[Role, ...] = tuple(Role)
    scopes: tuple[Scope, ...] = tuple(Scope)
    once: ShownOnce | None = None
    changed: bool = False
    notice: Notice | None = None
    name_max: int = STAFF_NAME_MAX
    key_name_max: int = KEY_NAME_MAX


@get("/{slug:str}/desk/settings")
async def settings(request: HttpRequest, visit: FromVisit) -> Response[bytes]:
    """Who works here, which keys exist, and the limit."""
    admin = at_desk(visit, Permission.ADMINISTER)
    return await _show(visit, admin, changed=request.query_params.get("changed") == "1")


@post("/{slug:str}/desk/settings/people", status_code=200)
async def hire(request: HttpRequest, visit: FromVisit) -> Response[bytes]:
    """Add somebody; the first password is shown once, on this very answer."""
    admin = at_desk(visit, Permission.ADMINISTER)
    form = await read_form(request)
    password = generate_password()
    try:
        roles = [role for role in Role if role.value in form.all("roles")]
        if not roles:
            raise RolesMissing
        name, hashed = form.text("name"), await hash_password(password)
        async with visit.as_staff() as tx:
            made = await create_staff(
                tx,
                admin,
                keyring=visit.house.keyring,
                login=form.text("login"),
                name=name,
                roles=roles,
                password_hash=hashed,
            )
    except Refusal as no:
        return await _show(visit, admin, refusal=no, typed=form.typed())
    return await _show(visit, admin, once=ShownOnce("password", made.name, password))


@post("/{slug:str}/desk/settings/people/{staff_id:uuid}/reset", status_code=200)
async def reset(visit: FromVisit, staff_id: FromPath[UUID]) -> Response[bytes]:
    """A new first password; the authenticator is set up anew."""
    admin = at_desk(visit, Permission.ADMINISTER)
    password = generate_password()
    hashed = await hash_password(password)
    async with visit.as_staff() as tx:
        await reset_staff(tx, admin, staff_id=staff_id, password_hash=hashed)
        name = next((line.name for line in await staff_list(tx, admin) if line.id == staff_id), "")
    return await _show(visit, admin, once=ShownOnce("password", name, password))


@post("/{slug:str}/desk/settings/people/{staff_id:uuid}/disable", status_code=303)
async def dismiss(visit: FromVisit, staff_id: FromPath[UUID]) -> Response[bytes] | Redirect:
    """Close somebody's account."""
    admin = at_desk(visit, Permission.ADMINISTER)
    return await _change(visit, admin, lambda tx: disable_staff(tx, admin, staff_id=staff_id), {})


@post("/{slug:str}/desk/settings/keys", status_code=200)
async def make_key(request: HttpRequest, visit: FromVisit) -> Response[bytes]:
    """Make a key; it is shown once, on this very answer."""
    admin = at_desk(visit, Permission.ADMINISTER)
    form = await read_form(request)
    try:
        scopes = [scope for scope in Scope if scope.value in form.all("scopes")]
        if not scopes:
            raise ScopesMissing
        async with visit.as_staff() as tx:
            made = await create_key(
                tx,
                admin,
                keyring=visit.house.keyring,
                platform=visit.platform,
                name=form.text("key_name"),
                scopes=scopes,
            )
    except Refusal as no:
        return await _show(visit, admin, refusal=no, typed=form.typed())
    return await _show(visit, admin, once=ShownOnce("key", made.key.name, made.token))


@post("/{slug:str}/desk/settings/keys/{key_id:uuid}/revoke", status_code=303)
async def close_key(visit: FromVisit, key_id: FromPath[UUID]) -> Response[bytes] | Redirect:
    """Revoke a key."""
    admin = at_desk(visit, Permission.ADMINISTER)
    return await _change(visit, admin, lambda tx: revoke_key(tx, admin, key_id=key_id), {})


@post("/{slug:str}/desk/settings/limit", status_code=303)
async def change_limit(request: HttpRequest, visit: FromVisit) -> Response[bytes] | Redirect:
    """Change above which amount a second person must confirm."""
    admin = at_desk(visit, Permission.ADMINISTER)
    form = await read_form(request)

    async def change(tx: Tx) -> None:
        now = (await load_platform(tx)).settings
        wanted = structs.replace(now, second_person_over_minor=_amount(form))
        await change_settings(tx, admin, settings=wanted)

    return await _change(visit, admin, change, form.typed())


@post("/{slug:str}/desk/settings/verification", status_code=303)
async def change_verification(request: HttpRequest, visit: FromVisit) -> Response[bytes] | Redirect:
    """Change under which names rails pay this platform, and the ladder and memory of restrictions."""
    admin = at_desk(visit, Permission.ADMINISTER)
    form = await read_form(request)

    async def change(tx: Tx) -> None:
        now = (await load_platform(tx)).settings
        await change_settings(tx, admin, settings=_with_verification(now, form))

    return await _change(visit, admin, change, form.typed())


def _with_verification(now: PlatformSettings, form: Form) -> PlatformSettings:
    names = tuple(dict.fromkeys(line.strip() for line in form.text("payee_names").splitlines() if line.strip()))
    wanted = structs.replace(
        now,
        payee_names=names,
        restriction_memory_days=form.number("memory_days"),
        restriction_ladder=tuple(Level(step) for step in form.all("ladder") if step in set(Level)),
    )
    try:
        return convert(to_builtins(wanted), PlatformSettings)  # the bounds are the settings' own
    except ValidationError as wrong:
        for field in ("payee_names", "memory_days", "ladder"):
            if field in str(wrong):
                raise Invalid(field=field, problem="out_of_range") from None
        raise


async def _change(
    visit: Visit, admin: Staff, act: Callable[[Tx], Awaitable[None]], typed: dict[str, str]
) -> Response[bytes] | Redirect:
    try:
        async with visit.as_staff() as tx:
            await act(tx)
    except Refusal as no:
        if no.status == 404:
            raise
        return await _show(visit, admin, refusal=no, typed=typed)
    return see(f"{visit.url('desk', 'settings')}?changed=1")


async def _show(
    visit: Visit,
    admin: Staff,
    *,
    refusal: Refusal | None = None,
    typed: dict[str, str] | None = None,
    once: ShownOnce | None = None,
    changed: bool = False,
) -> Response[bytes]:
    async with visit.as_staff() as tx:
        people, keys = await staff_list(tx, admin), await key_list(tx, admin)
        now = (await load_platform(tx)).settings
    page = SettingsPage(
        desk=desk_of(visit, "settings"),
        people=people,
        keys=keys,
        limit=Money(now.second_person_over_minor),
        verification=_fields(now, typed or {}),
        me=admin.id,
        typed=typed or {},
        once=once,
        changed=changed,
        notice=notice_of(visit.lang, refusal) if refusal else None,
    )
    return show(visit, "desk/settings.html", page, status=refusal.status if refusal else 200)


def _fields(now: PlatformSettings, typed: dict[str, str]) -> VerificationFields:
    return VerificationFields(
        payee_names=typed.get("payee_names", "\n".join(now.payee_names)),
        memory_days=typed.get("memory_days", str(now.restriction_memory_days)),
        ladder=tuple(level.value for level in now.restriction_ladder),
    )


def _amount(form: Form) -> int:
    try:
        minor = parse_minor(form.text("amount", chars_max=AMOUNT_MAX))
    except ValueError:
        raise Invalid(field="amount", problem="not_an_amount") from None
    if minor < 0:
        raise Invalid(field="amount", problem="not_an_amount")
    return minor


handlers = (settings, hire, reset, dismiss, make_key, close_key, change_limit, change_verification)
