"""One suspicion: both values, the picture, who did what, and the acts that are this person's to do."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from uuid import UUID

import structlog
from litestar import Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.params import FromPath
from litestar.response import Redirect

from huiliu.claims.actions import answer_appeal, contact_to_tell, lift_restriction, propose_restriction
from huiliu.evidence.suspicion.actions import confirm, dismiss, return_to_open
from huiliu.evidence.suspicion.allowed import Do
from huiliu.evidence.suspicion.model import Sanction, Suspicion
from huiliu.evidence.suspicion.reads import load_suspicion
from huiliu.kit.db import Tx
from huiliu.kit.errors import Invalid, NotFound, Refusal
from huiliu.kit.ids import SHANGHAI
from huiliu.people.messages import Message, NotDelivered
from huiliu.people.model import Staff
from huiliu.people.restrictions.messages import answer_message, restriction_message
from huiliu.people.restrictions.model import Answer, Level, Outcome, Restriction
from huiliu.people.restrictions.reads import load_restriction
from huiliu.web.desk.desk import at_page
from huiliu.web.desk.suspicion_view import DONE, load_page
from huiliu.web.form import Form, HttpRequest, read_form
from huiliu.web.page import see, show
from huiliu.web.visit import FromVisit, Visit

CODE_MAX = 20
DATE_MAX = 10

log = structlog.get_logger("huiliu.restrictions")


@get("/{slug:str}/desk/suspicions/{suspicion_id:uuid}")
async def show_suspicion(request: HttpRequest, visit: FromVisit, suspicion_id: FromPath[UUID]) -> Response[bytes]:
    """One suspicion whole."""
    staff = at_page(visit, "suspicions")
    done = request.query_params.get("done", "")
    told = request.query_params.get("told", "")
    page = await load_page(
        visit, staff, suspicion_id, done=done if done in DONE else "", told=told if told in {"1", "0"} else ""
    )
    return show(visit, "desk/suspicion.html", page)


@post("/{slug:str}/desk/suspicions/{suspicion_id:uuid}/{what:str}", status_code=303)
async def act_on_suspicion(
    request: HttpRequest, visit: FromVisit, suspicion_id: FromPath[UUID], what: FromPath[str]
) -> Response[bytes] | Redirect:
    """One act of one person. Whoever is restricted, or freed, is told once it is committed."""
    staff = at_page(visit, "suspicions")
    do = next((it for it in Do if it.value == what), None)
    if do is None:
        raise NotFound
    form = await read_form(request)
    try:
        async with visit.as_staff() as tx:
            message = await _perform(tx, visit, staff, suspicion_id=suspicion_id, do=do, form=form)
    except Refusal as no:
        if no.status == 404:
            raise
        page = await load_page(visit, staff, suspicion_id, typed=form.typed(), do=do.value, no=no)
        return show(visit, "desk/suspicion.html", page, status=no.status)
    return _answered(visit, suspicion_id, do, message)


async def _perform(
    tx: Tx, visit: Visit, staff: Staff, *, suspicion_id: UUID, do: Do, form: Form
) -> tuple[Message | None, bool]:
    """Do it; returns the message to send after the commit, and whether one is due at all."""
    found = await load_suspicion(tx, staff, suspicion_id)
    version = form.number("version")
    match do:
        case Do.PROPOSE:
            sanction = _sanction(form)
            made = await propose_restriction(tx, staff, suspicion_id, version=version, sanction=sanction)
            return await _notice(tx, visit, made)
        case Do.CONFIRM:
            return await _notice(tx, visit, await confirm(tx, staff, suspicion_id, version=version))
        case Do.RETURN:
            await return_to_open(tx, staff, suspicion_id, version=version, note=form.text("note"))
        case Do.DISMISS:
            await dismiss(tx, staff, suspicion_id, version=version, note=form.text("note"))
        case Do.ANSWER:
            held = await _held(tx, staff, found)
            answer = _answer(form, held)
            after = await answer_appeal(tx, staff, held.id, version=version, answer=answer)
            return await _reply(tx, visit, after, outcome=answer.outcome, reply=answer.reply)
        case Do.LIFT:
            note, held = form.text("note"), await _held(tx, staff, found)
            after = await lift_restriction(tx, staff, held.id, version=version, note=note)
            return await _reply(tx, visit, after, outcome=Outcome.LIFTED, reply=note)
    return None, False


async def _held(tx: Tx, staff: Staff, found: Suspicion) -> Restriction:
    """The restriction that followed. Raises NotFound while none did."""
    if found.restriction_id is None:
        raise NotFound
    return await load_restriction(tx, staff, found.restriction_id)


def _sanction(form: Form) -> Sanction:
    level = next((it for it in Level if it.value == form.text("level", chars_max=CODE_MAX)), None)
    if level is None:
        raise Invalid(field="level", problem="not_readable")
    return Sanction(level=level, days=form.number("days"), clause=form.text("clause"), words=form.text("words"))


def _answer(form: Form, held: Restriction) -> Answer:
    """The level and the end count only where the answer is LESSENED."""
    outcome = next((it for it in Outcome if it.value == form.text("outcome", chars_max=CODE_MAX)), None)
    if outcome is None:
        raise Invalid(field="outcome", problem="not_readable")
    is_lessened = outcome is Outcome.LESSENED
    level = next((it for it in Level if it.value == form.text("level", chars_max=CODE_MAX)), None)
    return Answer(
        outcome=outcome,
        reply=form.text("reply"),
        level=level if is_lessened else None,
        ends_at=_end(form.text("ends", chars_max=DATE_MAX), held) if is_lessened else None,
    )


def _end(text: str, held: Restriction) -> datetime | None:
    """The end of that day in China, and never later than it was."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text) + timedelta(days=1)
    except (ValueError, OverflowError):
        raise Invalid(field="ends", problem="not_readable") from None
    return min(datetime.combine(day, time(), SHANGHAI), held.ends_at)


async def _notice(tx: Tx, visit: Visit, made: Restriction | None) -> tuple[Message | None, bool]:
    if made is None:
        return None, False
    to = await contact_to_tell(tx, made, keyring=visit.house.keyring)
    message = restriction_message(visit.platform, made, to=to, url=_address(visit, made)) if to else None
    return message, True


async def _reply(
    tx: Tx, visit: Visit, after: Restriction, *, outcome: Outcome, reply: str
) -> tuple[Message | None, bool]:
    to = await contact_to_tell(tx, after, keyring=visit.house.keyring)
    if not to:
        return None, True
    url = _address(visit, after)
    return answer_message(visit.platform, after, to=to, url=url, outcome=outcome, reply=reply), True


def _address(visit: Visit, held: Restriction) -> str:
    return visit.house.settings.public_url + visit.url("restrictions", str(held.id))


def _answered(visit: Visit, suspicion_id: UUID, do: Do, message: tuple[Message | None, bool]) -> Redirect:
    to_send, is_due = message
    is_sent = to_send is not None and visit.house.courier is not None
    told = f"&told={int(is_sent)}" if is_due else ""
    answer = see(f"{visit.url('desk', 'suspicions', str(suspicion_id))}?done={do.value}{told}")
    if to_send is not None and is_sent:
        answer.background = BackgroundTask(_deliver, visit, to_send, suspicion_id)
    return answer


async def _deliver(visit: Visit, message: Message, suspicion_id: UUID) -> None:
    """After the commit and after the answer: a mail server that is down holds nobody up."""
    assert visit.house.courier is not None
    sent = await visit.house.courier.deliver(message)
    if isinstance(sent, NotDelivered):
        log.warning("notice_not_delivered", suspicion=str(suspicion_id), why=sent.why)


handlers = (show_suspicion, act_on_suspicion)
