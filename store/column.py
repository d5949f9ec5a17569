"""Columns that the tables are made of, and the table behind a model."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, Table
from sqlmodel import SQLModel

from store.moment import Moment


def moment(*, nullable: bool = False) -> Column[datetime]:
    return Column(Moment, nullable=nullable)


def whole_number(*, nullable: bool = False) -> Column[int]:
    return Column(BigInteger, nullable=nullable)


def table_of(model: type[SQLModel]) -> Table:
    """The SQLAlchemy table behind a model."""
    table: Table = model.__table__  # type: ignore[attr-defined]
    return table
