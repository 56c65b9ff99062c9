"""卡门 with its cast, committed, as for claims."""

from tests.claims.conftest import furnished, world

__all__ = ["furnished", "world"]
