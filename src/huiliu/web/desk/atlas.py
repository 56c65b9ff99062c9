"""字形图库: the atlas of trusted pictures as its managers see and tend it. Actions have no gate of their own: this is it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.response import Redirect
from msgspec import Struct

from huiliu.evidence.suspicion.reads import FalseAlarms, false_alarm_counts
from huiliu.evidence.verification import atlas_actions as actions
from huiliu.evidence.verification import atlas_reads as reads
from huiliu.evidence.verification.atlas_actions import SAMPLES_FIRST
from huiliu.evidence.verification.model import (
    AtlasCluster,
    AtlasRow,
    AtlasState,
    AtlasStyle,
    Profile,
    RetiredCluster,
    Sample,
)
from huiliu.kit.db import Tx
from huiliu.kit.errors import Invalid
from huiliu.kit.text import Lang
from huiliu.web.desk.desk import Desk, at_page, desk_of
from huiliu.web.desk.overlay import png_address, signal_name
from huiliu.web.form import Form, HttpRequest, read_form
from huiliu.web.page import see, show
from huiliu.web.visit import FromVisit, Visit

NAME_MAX = 120
DIGITS = 10
STYLES_SHOWN_MAX = 4
GLYPHS_SHOWN_MAX = 14
DONE = frozenset({"built", "building", "changed", "same"})


class ClusterShown(Struct, frozen=True, kw_only=True):
    """One kind of phone and theme with what is known of it."""

    cluster: AtlasCluster
    percent: int
    """Of the ten digits, how many are known, in per cent."""
    styles: tuple[StyleShown, ...]


class StyleShown(Struct, frozen=True, kw_only=True):
    """One size of text with some of its shapes."""

    style: AtlasStyle
    shapes: int
    glyphs: tuple[tuple[str, str], ...]


class Grown(Struct, frozen=True, kw_only=True):
    """One version beside the one before."""

    row: AtlasRow
    more: int | None
    """Samples more than the version before; None for the first."""
    is_used: bool


class Alarm(Struct, frozen=True, kw_only=True):
    """One signal or check: how often it spoke against a trusted picture, and against people wrongly."""

    name: str
    accused: int
    trusted: int
    percent: str
    wrong: int
    upheld: int


class AtlasPage(Struct, frozen=True, kw_only=True):
    """The page."""

    desk: Desk
    versions: tuple[Grown, ...]
    is_on_its_way: bool
    clusters: tuple[ClusterShown, ...]
    retired: tuple[RetiredCluster, ...]
    profiles: tuple[Profile, ...]
    live: int
    samples: tuple[Sample, ...]
    profile: str
    alarms: tuple[Alarm, ...]
    done: str
    samples_first: int = SAMPLES_FIRST


@get("/{slug:str}/desk/atlas")
async def show_atlas(request: HttpRequest, visit: FromVisit) -> Response[bytes]:
    """Versions, clusters, profiles, false alarms; with `profile`, its pictures too."""
    staff = at_page(visit, "atlas")
    profile = request.query_params.get("profile", "")[:NAME_MAX]
    done = request.query_params.get("done", "")
    async with visit.as_staff() as tx:
        versions = await reads.atlas_versions(tx)
        used = await reads.current_atlas(tx)
        clusters = await reads.clusters(tx, version=used) if used is not None else ()
        retired = await reads.retired_clusters(tx)
        profiles = await reads.profiles(tx)
        samples = await reads.samples(tx, profile=profile) if profile else []
        signals = await reads.false_alarms(tx)
        people = await false_alarm_counts(tx, staff)
    page = AtlasPage(
        desk=desk_of(visit, "atlas"),
        versions=_grown(versions, used),
        is_on_its_way=any(it.state in (AtlasState.WANTED, AtlasState.BUILDING) for it in versions),
        clusters=tuple(_cluster(it) for it in clusters),
        retired=tuple(retired),
        profiles=tuple(profiles),
        live=sum(it.live for it in profiles),
        samples=tuple(samples),
        profile=profile,
        alarms=_alarms(visit.lang, {it.signal: (it.accused, it.trusted, it.share) for it in signals}, people),
        done=done if done in DONE else "",
    )
    return show(visit, "desk/atlas.html", page)


@post("/{slug:str}/desk/atlas/build", status_code=303)
async def build(visit: FromVisit) -> Redirect:
    """Have a new version built now."""
    at_page(visit, "atlas")
    async with visit.as_staff() as tx:
        version = await actions.want_atlas(tx)
    return _back(visit, "built" if version is not None else "building")


@post("/{slug:str}/desk/atlas/retire", status_code=303)
async def retire(request: HttpRequest, visit: FromVisit) -> Redirect:
    """Leave a cluster, a profile or one picture out of what is built next."""
    at_page(visit, "atlas")
    return await _change(visit, await read_form(request), is_retired=True)


@post("/{slug:str}/desk/atlas/restore", status_code=303)
async def restore(request: HttpRequest, visit: FromVisit) -> Redirect:
    """Take it in again."""
    at_page(visit, "atlas")
    return await _change(visit, await read_form(request), is_retired=False)


async def _change(visit: Visit, form: Form, *, is_retired: bool) -> Redirect:
    async with visit.as_staff() as tx:
        changed = await _changed(tx, form, is_retired=is_retired)
    return _back(visit, "changed" if changed else "same", form.text("back", chars_max=NAME_MAX))


async def _changed(tx: Tx, form: Form, *, is_retired: bool) -> bool:
    """Exactly one of cluster, profile and sample is named. Raises Invalid."""
    cluster, profile, sample = (form.text(name, chars_max=NAME_MAX) for name in ("cluster", "profile", "sample"))
    if cluster and len(cluster) <= 80:
        return await (actions.retire_cluster if is_retired else actions.restore_cluster)(tx, cluster)
    if profile:
        return await (actions.retire_profile if is_retired else actions.restore_profile)(tx, profile) > 0
    try:
        chosen = [UUID(sample)]
    except ValueError:
        raise Invalid(field="sample", problem="not_readable") from None
    return await (actions.retire_samples if is_retired else actions.restore_samples)(tx, chosen) > 0


def _back(visit: Visit, done: str, profile: str = "") -> Redirect:
    asked = urlencode({"done": done, **({"profile": profile} if profile else {})})
    return see(f"{visit.url('desk', 'atlas')}?{asked}{'#samples' if profile else ''}")


def _grown(versions: Sequence[AtlasRow], used: int | None) -> tuple[Grown, ...]:
    """Each version with how much it grew over the one before."""
    built = [it for it in versions if it.state is AtlasState.READY]
    more = {newer.version: newer.samples - older.samples for newer, older in pairwise(built)}
    return tuple(Grown(row=it, more=more.get(it.version), is_used=it.version == used) for it in versions)


def _cluster(cluster: AtlasCluster) -> ClusterShown:
    return ClusterShown(
        cluster=cluster,
        percent=round(min(DIGITS, cluster.digits_known) / DIGITS * 100),
        styles=tuple(_style(it) for it in cluster.styles[:STYLES_SHOWN_MAX]),
    )


def _style(style: AtlasStyle) -> StyleShown:
    pictures = ((char, png_address(raster)) for char, raster in style.samples)
    return StyleShown(
        style=style,
        shapes=sum(style.variants.values()),
        glyphs=tuple((char, address) for char, address in pictures if address)[:GLYPHS_SHOWN_MAX],
    )


def _alarms(
    lang: Lang, measured: dict[str, tuple[int, int, float]], people: Sequence[FalseAlarms]
) -> tuple[Alarm, ...]:
    """Signals alone: a check speaks from a record, and its false alarms are on the suspicions' own pages."""
    judged = {it.name: it for it in people if it.kind == "signal"}
    names = dict.fromkeys((*measured, *judged))
    return tuple(_alarm(lang, name, measured.get(name), judged.get(name)) for name in names)


def _alarm(lang: Lang, name: str, measured: tuple[int, int, float] | None, judged: FalseAlarms | None) -> Alarm:
    accused, trusted, share = measured or (0, 0, 0.0)
    return Alarm(
        name=signal_name(lang, name),
        accused=accused,
        trusted=trusted,
        percent=f"{share * 100:.1f}",
        wrong=judged.dismissed + judged.lifted if judged else 0,
        upheld=judged.upheld if judged else 0,
    )


handlers = (show_atlas, build, retire, restore)
