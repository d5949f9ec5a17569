"""The [sources.NAME] table of call records kept in a database or in files."""

import re
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from config.region import check_timezone
from config.secret_ref import SecretRef
from config.value import FilePath, Pattern
from connectors.telephony import TelephonySettings

MEASURED = "measured"
"""The zone is told by the records themselves: they hold the same moment in seconds of UTC."""

Profile = Literal["asterisk", "mikopbx", "sipuni", "rostelecom", "kamailio"]


def _check_zone(value: str) -> str:
    return value if value in ("", MEASURED) else check_timezone(value)


def _check_table(value: str) -> str:
    if not re.fullmatch(r"(\w+(\.\w+)?)?", value):
        msg = "must be the name of a table, or of a schema, a dot and a table"
        raise ValueError(msg)
    return value


Zone = Annotated[str, AfterValidator(_check_zone)]
TableName = Annotated[str, AfterValidator(_check_table)]


class CdrSettings(TelephonySettings):
    """Call records of a switchboard, where it keeps them; nothing is ever written there."""

    connector: Literal["cdr"] = Field(description="Call records in a database or in files.")
    url: Literal[""] = Field(default="", description="Not used here: see `database` and `file`.")
    profile: Profile = Field(description="Whose columns: asterisk is FreePBX and Issabel, too.")
    database: SecretRef | None = Field(
        default=None,
        description="Where the address of the database is kept, with its read-only user: "
        "mysql+pymysql://USER:PASSWORD@HOST/asteriskcdrdb, or postgresql+psycopg://...",
    )
    file: FilePath | None = Field(
        default=None,
        validate_default=True,
        description="An SQLite file, or a CSV file such as Master.csv; with * several exports.",
    )
    table: TableName = Field(default="", description="Table of calls; left out: the usual one.")
    cel_table: TableName = Field(
        default="cel", description='Table of channel events, read if it is there; "" never.'
    )
    queue_table: TableName = Field(
        default="", description="Table of queue events, where they are kept in the database."
    )
    queue_log: FilePath | None = Field(
        default=None, description="File of queue events, /var/log/asterisk/queue_log."
    )
    trunks: tuple[str, ...] = Field(
        default=(),
        description='How channels to the outside begin, such as "PJSIP/trunk"; others are of the'
        " outside too when their name is no extension.",
    )
    extensions: Pattern = Field(
        default=r"\d{2,5}", description="Regular expression of employees' own numbers."
    )
    mobiles: dict[str, str] = Field(
        default_factory=dict, description="Employees' mobile numbers, and the extension of each."
    )
    robots: tuple[str, ...] = Field(
        default=(),
        description="Contexts of the dialplan (dcontext) in which a machine rings people: their"
        " calls are nobody's work and are left out.",
    )
    zone: Zone = Field(
        default="",
        description='IANA zone of the times, or "measured" from the records themselves; left out:'
        " as usual for the profile.",
    )
    columns: dict[str, str] = Field(
        default_factory=dict, description="Names of columns that differ: usual name, your name."
    )

    @field_validator("file")
    @classmethod
    def _check_place(cls, value: Any, info: ValidationInfo) -> Any:
        database = info.data.get("database")
        if (value is None) == (database is None):
            msg = "give either `database` or `file`"
            raise ValueError(msg)
        if value and "*" in str(value) and info.data.get("profile") in ("asterisk", "mikopbx"):
            msg = "give one file: what it was rotated into is found beside it"
            raise ValueError(msg)
        return value

    @property
    def table_name(self) -> str:
        """The table of calls."""
        usual = {"mikopbx": "cdr_general", "kamailio": "cdrs"}
        return self.table or usual.get(self.profile, "cdr")

    @property
    def known_zone(self) -> ZoneInfo | None:
        """The zone of the times; None where it is measured."""
        usual = {"rostelecom": "Europe/Moscow", "kamailio": "UTC"}
        name = self.zone or usual.get(self.profile, MEASURED)
        return None if name == MEASURED else ZoneInfo(name)
