"""Why a command cannot even start."""

from __future__ import annotations

from huiliu.kit.errors import Refusal


class DatabaseUnreachable(Refusal):
    """The server at HUILIU_DATABASE_URL does not answer. facts: problem."""

    code = "cli.database_unreachable"
    status = 503


class EmbeddedDatabaseBroken(Refusal):
    """The embedded server does not start. facts: log (the file that says why)."""

    code = "cli.embedded_database_broken"
    status = 503


class MigrationsPending(Refusal):
    """The operator's database is older than the program. facts: count."""

    code = "cli.migrations_pending"
    status = 503


class KeyFileMissing(Refusal):
    """The database holds sealed values and the keys that open them are gone. facts: path."""

    code = "cli.key_file_missing"
    status = 503


class BadSetting(Refusal):
    """One HUILIU_* variable does not say what it must. facts: problem."""

    code = "cli.bad_setting"
    status = 500


class DemoRunning(Refusal):
    """Another demo uses this data directory. facts: address."""

    code = "cli.demo_running"
    status = 409


class NoFreePort(Refusal):
    """Every port that was tried is taken. facts: first, last."""

    code = "cli.no_free_port"
    status = 503
