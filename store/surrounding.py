"""Tables of what surrounds deals: clients, tasks, what is sold, with a deal or without one, and the
company's departments."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from store.column import moment, table_of, whole_number


class ClientRow(SQLModel, table=True):
    """The newest version of a contact (`kind` 1) or company (2); `ref` as deals name it."""

    __tablename__ = "client"
    __table_args__ = (
        CheckConstraint("kind IN (1, 2)", name="client_kind"),
        Index("client_created", "created_day", "created_by"),
        Index("client_company", "source_id", "company_ref"),
    )
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    ref: str = Field(primary_key=True)
    kind: int
    name: str
    company_ref: str | None
    owner_ref: str | None
    created_at: datetime = Field(sa_column=moment())
    updated_at: datetime = Field(sa_column=moment())
    removed_at: datetime | None = Field(sa_column=moment(nullable=True))
    created_day: int
    created_by: int | None
    row_hash: int = Field(sa_column=whole_number())


class TaskRow(SQLModel, table=True):
    """A task's newest version, with the day and the manager of every moment that is counted.

    `is_overdue`: 1 for one that was not done by its deadline, as far as it was read; it is the last
    bit of `row_hash`.
    """

    __tablename__ = "task"
    __table_args__ = (
        CheckConstraint("state IN (0, 1)", name="task_state"),
        Index("task_created", "created_day", "created_by"),
        Index("task_done", "done_day", "done_by"),
        Index("task_deadline", "deadline_day", "deadline_by"),
    )
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    ref: str = Field(primary_key=True)
    state: int
    is_crm: int
    owner_ref: str | None
    created_at: datetime = Field(sa_column=moment())
    updated_at: datetime = Field(sa_column=moment())
    deadline_at: datetime | None = Field(sa_column=moment(nullable=True))
    done_at: datetime | None = Field(sa_column=moment(nullable=True))
    removed_at: datetime | None = Field(sa_column=moment(nullable=True))
    created_day: int
    created_by: int | None
    deadline_day: int | None
    deadline_by: int | None
    done_day: int | None
    done_by: int | None
    is_overdue: int
    row_hash: int = Field(sa_column=whole_number())


class ProductLineRow(SQLModel, table=True):
    """What a deal sells, beside what its deal says of it: `state`, client, close and removal.

    `quantity` in thousandths; `amount` and `discount` in minor units of the deal's currency for
    the whole line, null where the vendor does not tell, the base ones also while no rate is known.
    """

    __tablename__ = "product_line"
    __table_args__ = (
        Index("product_line_closed", "closed_day", "closed_by"),
        Index("product_line_deal", "source_id", "deal_ref"),
    )
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    ref: str = Field(primary_key=True)
    deal_ref: str
    product_ref: str
    name: str
    quantity: int = Field(sa_column=whole_number())
    amount: int | None = Field(sa_column=whole_number(nullable=True))
    discount: int | None = Field(sa_column=whole_number(nullable=True))
    base_amount: int | None = Field(sa_column=whole_number(nullable=True))
    base_discount: int | None = Field(sa_column=whole_number(nullable=True))
    client_ref: str | None
    state: int
    closed_at: datetime | None = Field(sa_column=moment(nullable=True))
    removed_at: datetime | None = Field(sa_column=moment(nullable=True))
    closed_day: int | None
    closed_by: int | None
    row_hash: int = Field(sa_column=whole_number())


class PurchaseRow(SQLModel, table=True):
    """A purchase's newest version, with its day and the manager who held the customer then.

    `amount` in minor units of `currency`; `base_amount` null while no rate is known.
    """

    __tablename__ = "purchase"
    __table_args__ = (
        Index("purchase_day", "day", "credited_to"),
        Index("purchase_client", "source_id", "client_ref"),
    )
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    ref: str = Field(primary_key=True)
    client_ref: str
    amount: int = Field(sa_column=whole_number())
    currency: str
    base_amount: int | None = Field(sa_column=whole_number(nullable=True))
    owner_ref: str | None
    bought_at: datetime = Field(sa_column=moment())
    updated_at: datetime = Field(sa_column=moment())
    removed_at: datetime | None = Field(sa_column=moment(nullable=True))
    day: int
    credited_to: int | None
    row_hash: int = Field(sa_column=whole_number())


class DepartmentRow(SQLModel, table=True):
    """A part of the company as the vendor shows it."""

    __tablename__ = "department"
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    ref: str = Field(primary_key=True)
    name: str
    parent_ref: str | None
    head_ref: str | None
    sort: int


class AccountDepartmentRow(SQLModel, table=True):
    """An account is in a department; it may be in several."""

    __tablename__ = "account_department"
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    account_ref: str = Field(primary_key=True)
    department_ref: str = Field(primary_key=True)


CLIENT = table_of(ClientRow)
TASK = table_of(TaskRow)
PRODUCT_LINE = table_of(ProductLineRow)
PURCHASE = table_of(PurchaseRow)
DEPARTMENT = table_of(DepartmentRow)
ACCOUNT_DEPARTMENT = table_of(AccountDepartmentRow)
