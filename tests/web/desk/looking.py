"""Pictures with findings, and another platform's, for the desk's pages."""

from __future__ import annotations

import base64
from io import BytesIO

from msgspec import structs
from PIL import Image

from huiliu.evidence.inspection.model import Box, FieldName, FieldRead, Finding, GlyphProof, Inspection
from huiliu.kit.db import Pool
from huiliu.kit.keyring import Keyring
from tests.claims.conftest import World
from tests.make.suspicions import Shown, inspection, shown


def _png() -> str:
    out = BytesIO()
    Image.new("L", (6, 9), 128).save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


PNG = _png()


def drawn(*, raster: str = PNG, char: str = "7") -> Inspection:
    """A contradicted amount whose one digit looks foreign."""
    proof = GlyphProof(
        char=char,
        box=Box(180, 200, 20, 40),
        distance=1.2,
        raster=raster,
        reference=PNG,
        profile=(1.0, 2.0, 3.0),
        reference_profile=(2.0, 2.0),
    )
    finding = Finding(
        signal="glyph_profile",
        score=1.2,
        limit=0.4,
        boxes=(Box(100, 200, 100, 40),),
        field=FieldName.AMOUNT,
        glyphs=(proof,),
    )
    amount = FieldRead(
        name=FieldName.AMOUNT, value="1000.00", text="<script>alert(2)</script>", box=Box(100, 200, 100, 40), score=0.99
    )
    return structs.replace(inspection(findings=(finding,)), fields=(amount,))


async def another_platforms_file(pool: Pool, keyring: Keyring) -> Shown:
    """An inspected picture of a claim on a platform that the desk's staff do not work for."""
    async with pool.connection() as connection:
        cursor = await connection.execute("SELECT id FROM platforms WHERE slug <> 'kamen' ORDER BY id LIMIT 1")
        row = await cursor.fetchone()
    assert row is not None
    return await shown(World(pool, row["id"]), keyring)
