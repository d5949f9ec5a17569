"""The settings file as types; what each key means stands in its description."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
)
from pydantic.json_schema import SkipJsonSchema

from config.choose import choose_source
from config.region import check_currency, check_timezone
from config.secret_ref import SecretRef
from config.value import (
    Count,
    Day,
    Duration,
    FilePath,
    Flag,
    MetricName,
    Pattern,
    SourceName,
    Url,
    check_name,
    check_url,
    is_loopback,
    resolve,
)
from config.working_hours import Hours


class Section(BaseModel):
    """A table of the settings file: frozen, no unknown keys, no input in error texts."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        validate_default=True,
        populate_by_name=True,
        arbitrary_types_allowed=True,
    )


class MeriloSection(Section):
    """[merilo]: where the data lies, and how days and sums are shown."""

    data_dir: FilePath = Field(
        default=Path("./data"), description="Store, vault, locks; relative to the settings file."
    )
    timezone: Annotated[str, AfterValidator(check_timezone)] = Field(
        default="Europe/Moscow", description="IANA zone in which a working day begins and ends."
    )
    currency: Annotated[str, AfterValidator(check_currency)] = Field(
        default="RUB", description="Base currency of every sum shown, ISO 4217."
    )
    language: Literal["ru", "en"] = Field(
        default="ru", description="Language of pages, tables and what commands print."
    )

    @property
    def zone(self) -> ZoneInfo:
        """The zone of `timezone`."""
        return ZoneInfo(self.timezone)


class StoreSection(Section):
    """[store]: the database."""

    url: str = Field(
        default="sqlite",
        pattern=r"^(sqlite|postgresql\+psycopg://.+)$",
        repr=False,
        description='"sqlite" = data_dir/merilo.db, or postgresql+psycopg://...',
    )


class SecretsSection(Section):
    """[secrets]: where secret values are kept."""

    backend: Literal["auto", "os", "vault", "env", "file"] = Field(
        default="auto",
        description="auto = the keyring of the system if it has one, else our vault.",
    )
    master_key: str = Field(
        default="credential",
        pattern=r"^(credential|generated|env:[A-Za-z_][A-Za-z0-9_]*|file:\S.*)$",
        description="Key of the vault: systemd credential, env:NAME, file:PATH or generated.",
    )

    @field_validator("master_key")
    @classmethod
    def _resolve(cls, value: str, info: ValidationInfo) -> str:
        if not value.startswith("file:"):
            return value
        return f"file:{resolve(Path(value.removeprefix('file:')), info)}"


class SourceSettings(Section):
    """[sources.NAME]: what every connector needs; each connector subclasses it.

    `is_telephony`: whether it is a telephone system, whose word on calls wins over a CRM's.
    """

    is_telephony: ClassVar[bool] = False

    connector: str = Field(description="Name of the connector.")
    url: Url = Field(description="Base URL of the account; http only towards the loopback.")
    poll: Duration = Field(
        default=timedelta(seconds=60), description="How often changes are asked for."
    )
    sweep: Duration = Field(
        default=timedelta(hours=24), description="How often the store is proved equal to the CRM."
    )
    since: Day | None = Field(
        default=None, description="Records changed since this day are read; default: 400 days back."
    )
    ca_bundle: str = Field(default="", description="File with an extra CA certificate.")
    credit: Literal["each_leg", "last_talked", "first_talked", "longest"] = Field(
        default="each_leg",
        description="Whose a call is in which several talked: everyone's for their own talk, or of"
        " one of them.",
    )
    hook: SecretRef | None = Field(
        default=None,
        description="Where the last part of our address for webhooks is kept: public_url of [web],"
        " /hook/, the source's name, / and this. A call there makes the source due at once.",
    )

    @field_validator("ca_bundle")
    @classmethod
    def _resolve(cls, value: str, info: ValidationInfo) -> str:
        return str(resolve(Path(value), info)) if value else ""


class ManagerEntry(Section):
    """[[managers]]: a person and the ids they have in the sources; `from` and `to` inclusive."""

    name: str = Field(min_length=1, description="The name shown.")
    aliases: dict[SourceName, Annotated[str, Field(min_length=1)]] = Field(
        default_factory=dict, description="Source name to the person's id there."
    )
    from_: Day | None = Field(
        default=None, validation_alias="from", description="First day of validity."
    )
    to: Day | None = Field(default=None, description="Last day of validity.")
    ignore: Flag = Field(default=False, description="Hide the person; the team keeps the work.")

    @field_validator("to")
    @classmethod
    def _ordered(cls, value: Day | None, info: ValidationInfo) -> Day | None:
        begin = info.data.get("from_")
        if value is not None and begin is not None and value < begin:
            msg = "must not be before `from`"
            raise ValueError(msg)
        return value


class MeetingRules(Section):
    """[meetings.SOURCE]: how a meeting is recognised where the vendor has no mark for it."""

    todo_title: Pattern = Field(
        default="встреч|meeting|zoom",
        description="A to-do whose title matches this regular expression is a meeting; upper and "
        'lower case are one. "" matches none.',
    )


class CalendarSection(Section):
    """[calendar]: which days and hours are working ones."""

    country: Literal["RU", "KZ", "BY"] = Field(default="RU", description="Whose public holidays.")
    days_off: tuple[Day, ...] = Field(default=(), description="Days off besides the holidays.")
    work_days: tuple[Day, ...] = Field(default=(), description="Working days despite the calendar.")
    hours: Hours = Field(default="09:00-18:00", description="Working hours in [merilo] timezone.")

    @field_validator("work_days")
    @classmethod
    def _apart(cls, value: tuple[Day, ...], info: ValidationInfo) -> tuple[Day, ...]:
        if both := {*value} & {*info.data.get("days_off", ())}:
            msg = f"{min(both)} is among `days_off` too"
            raise ValueError(msg)
        return value


class MetricsSection(Section):
    """[metrics]: the user's own metrics."""

    files: tuple[FilePath, ...] = Field(default=(), description="TOML files with own metrics.")


class DestinationSettings(Section):
    """[[destinations]]: numbers written back into a CRM."""

    source: SourceName = Field(description="Source that is written to.")
    kind: Literal["scorecard", "user_fields", "record_fields"] = Field(
        description="Own records per manager and month, fields of employees, or fields of deals."
    )
    metrics: tuple[MetricName, ...] = Field(
        description="Metric ids, for record_fields facts of a deal; one field in the CRM each.",
        json_schema_extra={"minItems": 1},
    )
    today: tuple[MetricName, ...] = Field(
        default=(), description="Metrics also kept as today's value beside the month's."
    )
    months: Count = Field(
        default=2, ge=1, le=24, description="Months kept up to date, this one included."
    )
    every: Duration = Field(
        default=timedelta(minutes=10), description="Written at most this often."
    )
    on_human_edit: Literal["ask", "ours", "theirs"] = Field(
        default="ask", description="What to do when a person changed our field."
    )
    max_first_writes: Count = Field(
        default=200, ge=0, description="More writes at once, the first time, need `apply --yes`."
    )

    @property
    def name(self) -> str:
        """`source/kind`: how logs and plans call it."""
        return f"{self.source}/{self.kind}"

    @field_validator("metrics")
    @classmethod
    def _any(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            msg = "must name at least one metric"
            raise ValueError(msg)
        return value

    @field_validator("today")
    @classmethod
    def _counted(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if value and info.data.get("kind") == "record_fields":
            msg = "facts of a record have no value of today: leave it out"
            raise ValueError(msg)
        return value


class WebSection(Section):
    """[web]: the page and the health endpoint."""

    token: SecretRef | None = Field(
        default=None, description="Token asked from everyone who opens it."
    )
    listen: str = Field(
        default="127.0.0.1:8600",
        pattern=r"^([^\s:\[\]]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}$",
        description="host:port; any address but the loopback needs `token`.",
    )
    public_url: str = Field(default="", description="Address under which people open it.")

    @property
    def host(self) -> str:
        """Address to bind, without the brackets of IPv6."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """Port to bind; 0 lets the system choose."""
        return int(self.listen.rpartition(":")[2])

    @field_validator("public_url")
    @classmethod
    def _addressed(cls, value: str) -> str:
        return check_url(value) if value else ""

    @field_validator("listen")
    @classmethod
    def _guarded(cls, value: str, info: ValidationInfo) -> str:
        host, _, port = value.rpartition(":")
        if int(port) > 65535:
            msg = "the port must be at most 65535"
            raise ValueError(msg)
        if not is_loopback(host.strip("[]")) and info.data.get("token", True) is None:
            msg = "an address others can reach needs `token` in [web]"
            raise ValueError(msg)
        return value


def _choose(
    value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo
) -> SourceSettings:
    models: Mapping[str, type[SourceSettings]] | None = info.context and info.context.models
    if models is None or not isinstance(value, dict):
        return handler(value)  # type: ignore[no-any-return]
    return choose_source(value, models).model_validate(value, context=info.context)


class Settings(Section):
    """Everything `merilo.toml`, its additions and the environment say, checked."""

    merilo: MeriloSection = Field(default_factory=MeriloSection)
    store: StoreSection = Field(default_factory=StoreSection)
    secrets: SecretsSection = Field(default_factory=SecretsSection)
    sources: dict[
        Annotated[str, AfterValidator(check_name)],
        Annotated[SourceSettings, WrapValidator(_choose)],
    ] = Field(default_factory=dict, description="Accounts that are read, by a name of yours.")
    managers: tuple[ManagerEntry, ...] = Field(default=(), description="People and their ids.")
    fields: dict[SourceName, dict[str, dict[str, str]]] = Field(
        default_factory=dict, description="Custom fields metrics use: source, record, name, field."
    )
    funnels: dict[SourceName, dict[str, tuple[str, ...]]] = Field(
        default_factory=dict, description="Stages whose meaning the vendor does not tell."
    )
    meetings: dict[SourceName, MeetingRules] = Field(
        default_factory=dict, description="How meetings are recognised in a source."
    )
    calendar: CalendarSection = Field(default_factory=CalendarSection)
    metrics: MetricsSection = Field(default_factory=MetricsSection)
    destinations: tuple[DestinationSettings, ...] = Field(
        default=(), description="Where numbers go."
    )
    web: WebSection = Field(default_factory=WebSection)
    path: SkipJsonSchema[Path] = Field(default=Path("merilo.toml"), exclude=True, repr=False)
