"""First tables"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "call_journal",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sign", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("ref", sa.String(), nullable=True),
        sa.Column("manager_id", sa.Integer(), nullable=True),
        sa.Column("day", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("direction", sa.Integer(), nullable=True),
        sa.Column("talk_s", sa.Integer(), nullable=True),
        sa.Column("leg_ref", sa.String(), nullable=True),
        sa.Column("client_hash", sa.String(), nullable=True),
        sa.Column("client_last4", sa.String(), nullable=True),
        sa.Column("lasted_s", sa.Integer(), nullable=True),
        sa.Column("ring_s", sa.Integer(), nullable=True),
        sa.Column("hold_s", sa.Integer(), nullable=True),
        sa.Column("quality", sa.Integer(), nullable=True),
        sa.Column("transfer", sa.Integer(), nullable=True),
        sa.Column("queue", sa.String(), nullable=True),
        sa.Column("callback_s", sa.Integer(), nullable=True),
        sa.Column("callback_work_s", sa.Integer(), nullable=True),
        sa.Column("seen", sa.Integer(), nullable=True),
        sa.Column("twin_source_id", sa.Integer(), nullable=True),
        sa.Column("twin_ref", sa.String(), nullable=True),
        sa.Column("row_hash", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_table(
        "client_journal",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sign", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("ref", sa.String(), nullable=True),
        sa.Column("kind", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("company_ref", sa.String(), nullable=True),
        sa.Column("owner_ref", sa.String(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("created_day", sa.Integer(), nullable=True),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("row_hash", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_table(
        "deal_journal",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sign", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("ref", sa.String(), nullable=True),
        sa.Column("pipeline_ref", sa.String(), nullable=True),
        sa.Column("stage_ref", sa.String(), nullable=True),
        sa.Column("state", sa.Integer(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("base_amount", sa.BigInteger(), nullable=True),
        sa.Column("owner_ref", sa.String(), nullable=True),
        sa.Column("client_ref", sa.String(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("moved_at", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("created_day", sa.Integer(), nullable=True),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("closed_day", sa.Integer(), nullable=True),
        sa.Column("closed_by", sa.Integer(), nullable=True),
        sa.Column("lead_ref", sa.String(), nullable=True),
        sa.Column("quote_ref", sa.String(), nullable=True),
        sa.Column("cycle_s", sa.BigInteger(), nullable=True),
        sa.Column("is_repeat", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("row_hash", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_table(
        "destination",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("container", sa.String(), nullable=True),
        sa.Column("approved", sa.Text(), nullable=False),
        sa.Column("built", sa.Text(), nullable=False),
        sa.Column("unlimited", sa.Boolean(), nullable=False),
        sa.Column("pause_code", sa.String(), nullable=True),
        sa.Column("pause", sa.String(), nullable=True),
        sa.Column("written_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "email_journal",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sign", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("ref", sa.String(), nullable=True),
        sa.Column("direction", sa.Integer(), nullable=True),
        sa.Column("kind", sa.Integer(), nullable=True),
        sa.Column("owner_ref", sa.String(), nullable=True),
        sa.Column("about_ref", sa.String(), nullable=True),
        sa.Column("message_hash", sa.String(), nullable=True),
        sa.Column("likeness", sa.String(), nullable=True),
        sa.Column("begun_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("day", sa.Integer(), nullable=True),
        sa.Column("credited_to", sa.Integer(), nullable=True),
        sa.Column("twin_hash", sa.String(), nullable=True),
        sa.Column("counts", sa.Integer(), nullable=True),
        sa.Column("opens", sa.Integer(), nullable=True),
        sa.Column("reply_s", sa.Integer(), nullable=True),
        sa.Column("reply_work_s", sa.Integer(), nullable=True),
        sa.Column("row_hash", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_table(
        "lead_journal",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sign", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("ref", sa.String(), nullable=True),
        sa.Column("stage_ref", sa.String(), nullable=True),
        sa.Column("state", sa.Integer(), nullable=True),
        sa.Column("owner_ref", sa.String(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("created_day", sa.Integer(), nullable=True),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("response_s", sa.Integer(), nullable=True),
        sa.Column("response_work_s", sa.Integer(), nullable=True),
        sa.Column("won", sa.Integer(), nullable=True),
        sa.Column("row_hash", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_table(
        "manager",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_table(
        "mark",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "meeting_journal",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sign", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("ref", sa.String(), nullable=True),
        sa.Column("state", sa.Integer(), nullable=True),
        sa.Column("owner_ref", sa.String(), nullable=True),
        sa.Column("about_ref", sa.String(), nullable=True),
        sa.Column("begun_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("day", sa.Integer(), nullable=True),
        sa.Column("credited_to", sa.Integer(), nullable=True),
        sa.Column("row_hash", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_table(
        "product_line_journal",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sign", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("ref", sa.String(), nullable=True),
        sa.Column("deal_ref", sa.String(), nullable=True),
        sa.Column("product_ref", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("discount", sa.BigInteger(), nullable=True),
        sa.Column("base_amount", sa.BigInteger(), nullable=True),
        sa.Column("base_discount", sa.BigInteger(), nullable=True),
        sa.Column("client_ref", sa.String(), nullable=True),
        sa.Column("state", sa.Integer(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_day", sa.Integer(), nullable=True),
        sa.Column("closed_by", sa.Integer(), nullable=True),
        sa.Column("row_hash", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_table(
        "purchase_journal",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sign", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("ref", sa.String(), nullable=True),
        sa.Column("client_ref", sa.String(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("base_amount", sa.BigInteger(), nullable=True),
        sa.Column("owner_ref", sa.String(), nullable=True),
        sa.Column("bought_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("day", sa.Integer(), nullable=True),
        sa.Column("credited_to", sa.Integer(), nullable=True),
        sa.Column("row_hash", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_table(
        "quote_journal",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sign", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("ref", sa.String(), nullable=True),
        sa.Column("stage_ref", sa.String(), nullable=True),
        sa.Column("deal_ref", sa.String(), nullable=True),
        sa.Column("owner_ref", sa.String(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("created_day", sa.Integer(), nullable=True),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("won", sa.Integer(), nullable=True),
        sa.Column("row_hash", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_table(
        "source",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("is_telephony", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "task_journal",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sign", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("ref", sa.String(), nullable=True),
        sa.Column("state", sa.Integer(), nullable=True),
        sa.Column("is_crm", sa.Integer(), nullable=True),
        sa.Column("owner_ref", sa.String(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("deadline_at", sa.BigInteger(), nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("created_day", sa.Integer(), nullable=True),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("deadline_day", sa.Integer(), nullable=True),
        sa.Column("deadline_by", sa.Integer(), nullable=True),
        sa.Column("done_day", sa.Integer(), nullable=True),
        sa.Column("done_by", sa.Integer(), nullable=True),
        sa.Column("is_overdue", sa.Integer(), nullable=True),
        sa.Column("row_hash", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_table(
        "writeback_item",
        sa.Column("destination", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("remote_ref", sa.String(), nullable=True),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("held", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("retry_at", sa.BigInteger(), nullable=True),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("destination", "key"),
    )
    op.create_table(
        "writeback_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("destination", sa.String(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "account",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("extension", sa.String(), nullable=True),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("source_id", "ref"),
    )
    op.create_table(
        "account_department",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("account_ref", sa.String(), nullable=False),
        sa.Column("department_ref", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("source_id", "account_ref", "department_ref"),
    )
    op.create_table(
        "alias",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("from_day", sa.Integer(), nullable=False),
        sa.Column("to_day", sa.Integer(), nullable=False),
        sa.Column("manager_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["manager_id"],
            ["manager.id"],
        ),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("source_id", "ref", "from_day"),
    )
    op.create_table(
        "call",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("manager_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("direction", sa.Integer(), nullable=False),
        sa.Column("talk_s", sa.Integer(), nullable=False),
        sa.Column("leg_ref", sa.String(), nullable=False),
        sa.Column("client_hash", sa.String(), nullable=True),
        sa.Column("client_last4", sa.String(), nullable=True),
        sa.Column("lasted_s", sa.Integer(), nullable=False),
        sa.Column("ring_s", sa.Integer(), nullable=True),
        sa.Column("hold_s", sa.Integer(), nullable=True),
        sa.Column("quality", sa.Integer(), nullable=False),
        sa.Column("transfer", sa.Integer(), nullable=False),
        sa.Column("queue", sa.String(), nullable=True),
        sa.Column("callback_s", sa.Integer(), nullable=True),
        sa.Column("callback_work_s", sa.Integer(), nullable=True),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("twin_source_id", sa.Integer(), nullable=True),
        sa.Column("twin_ref", sa.String(), nullable=True),
        sa.Column("row_hash", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("direction IN (1, 2)", name="call_direction"),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("source_id", "ref", "manager_id"),
    )
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.create_index(
            "call_back",
            ["day", "manager_id"],
            unique=False,
            sqlite_where=sa.text("callback_s IS NOT NULL"),
            postgresql_where=sa.text("callback_s IS NOT NULL"),
        )
        batch_op.create_index(
            "call_client",
            ["client_hash", "started_at"],
            unique=False,
            sqlite_where=sa.text("manager_id = 0"),
            postgresql_where=sa.text("manager_id = 0"),
        )
        batch_op.create_index("call_day", ["day", "manager_id"], unique=False)

    op.create_table(
        "call_leg",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("call_ref", sa.String(), nullable=False),
        sa.Column("user_ref", sa.String(), nullable=True),
        sa.Column("direction", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("talk_s", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("client_hash", sa.String(), nullable=True),
        sa.Column("client_last4", sa.String(), nullable=True),
        sa.Column("client_ref", sa.String(), nullable=True),
        sa.Column("lasted_s", sa.Integer(), nullable=False),
        sa.Column("stretch", sa.String(), nullable=True),
        sa.Column("ring_s", sa.Integer(), nullable=True),
        sa.Column("hold_s", sa.Integer(), nullable=True),
        sa.Column("quality", sa.Integer(), nullable=False),
        sa.Column("transfer", sa.Integer(), nullable=False),
        sa.Column("queue", sa.String(), nullable=True),
        sa.Column("outer_ref", sa.String(), nullable=True),
        sa.Column("row_hash", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("source_id", "ref"),
    )
    with op.batch_alter_table("call_leg", schema=None) as batch_op:
        batch_op.create_index("call_leg_call", ["source_id", "call_ref"], unique=False)
        batch_op.create_index(
            "call_leg_lead",
            ["source_id", "client_ref"],
            unique=False,
            sqlite_where=sa.text("substr(client_ref, 1, 5) = 'lead:'"),
            postgresql_where=sa.text("substr(client_ref, 1, 5) = 'lead:'"),
        )
        batch_op.create_index(
            "call_leg_outer",
            ["outer_ref"],
            unique=False,
            sqlite_where=sa.text("outer_ref IS NOT NULL"),
            postgresql_where=sa.text("outer_ref IS NOT NULL"),
        )

    op.create_table(
        "client",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("company_ref", sa.String(), nullable=True),
        sa.Column("owner_ref", sa.String(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("created_day", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("row_hash", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN (1, 2)", name="client_kind"),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("source_id", "ref"),
    )
    with op.batch_alter_table("client", schema=None) as batch_op:
        batch_op.create_index("client_company", ["source_id", "company_ref"], unique=False)
        batch_op.create_index("client_created", ["created_day", "created_by"], unique=False)

    op.create_table(
        "custom_value",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("base_number", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("source_id", "kind", "ref", "name"),
    )
    op.create_table(
        "deal",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("pipeline_ref", sa.String(), nullable=False),
        sa.Column("stage_ref", sa.String(), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("base_amount", sa.BigInteger(), nullable=True),
        sa.Column("owner_ref", sa.String(), nullable=True),
        sa.Column("client_ref", sa.String(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("moved_at", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("created_day", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("closed_day", sa.Integer(), nullable=True),
        sa.Column("closed_by", sa.Integer(), nullable=True),
        sa.Column("lead_ref", sa.String(), nullable=True),
        sa.Column("quote_ref", sa.String(), nullable=True),
        sa.Column("cycle_s", sa.BigInteger(), nullable=True),
        sa.Column("is_repeat", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("row_hash", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN (0, 1, 2)", name="deal_state"),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("source_id", "ref"),
    )
    with op.batch_alter_table("deal", schema=None) as batch_op:
        batch_op.create_index("deal_closed", ["closed_day", "closed_by"], unique=False)
        batch_op.create_index("deal_created", ["created_day", "created_by"], unique=False)
        batch_op.create_index(
            "deal_lead",
            ["source_id", "lead_ref"],
            unique=False,
            sqlite_where=sa.text("lead_ref IS NOT NULL"),
            postgresql_where=sa.text("lead_ref IS NOT NULL"),
        )
        batch_op.create_index(
            "deal_quote",
            ["source_id", "quote_ref"],
            unique=False,
            sqlite_where=sa.text("quote_ref IS NOT NULL"),
            postgresql_where=sa.text("quote_ref IS NOT NULL"),
        )
        batch_op.create_index(
            "deal_win",
            ["source_id", "client_ref", "is_repeat", "closed_at"],
            unique=False,
            sqlite_where=sa.text("state = 1 AND removed_at IS NULL"),
            postgresql_where=sa.text("state = 1 AND removed_at IS NULL"),
        )

    op.create_table(
        "department",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("parent_ref", sa.String(), nullable=True),
        sa.Column("head_ref", sa.String(), nullable=True),
        sa.Column("sort", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("source_id", "ref"),
    )
    op.create_table(
        "email",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("direction", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.Column("owner_ref", sa.String(), nullable=True),
        sa.Column("about_ref", sa.String(), nullable=True),
        sa.Column("message_hash", sa.String(), nullable=True),
        sa.Column("likeness", sa.String(), nullable=True),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("credited_to", sa.Integer(), nullable=True),
        sa.Column("twin_hash", sa.String(), nullable=True),
        sa.Column("counts", sa.Integer(), nullable=False),
        sa.Column("opens", sa.Integer(), nullable=False),
        sa.Column("reply_s", sa.Integer(), nullable=True),
        sa.Column("reply_work_s", sa.Integer(), nullable=True),
        sa.Column("row_hash", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("direction IN (1, 2)", name="email_direction"),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("source_id", "ref"),
    )
    with op.batch_alter_table("email", schema=None) as batch_op:
        batch_op.create_index("email_about", ["source_id", "about_ref"], unique=False)
        batch_op.create_index("email_day", ["day", "credited_to"], unique=False)
        batch_op.create_index(
            "email_likeness",
            ["likeness", "begun_at"],
            unique=False,
            sqlite_where=sa.text("likeness IS NOT NULL"),
            postgresql_where=sa.text("likeness IS NOT NULL"),
        )
        batch_op.create_index(
            "email_message",
            ["message_hash"],
            unique=False,
            sqlite_where=sa.text("message_hash IS NOT NULL"),
            postgresql_where=sa.text("message_hash IS NOT NULL"),
        )
        batch_op.create_index(
            "email_twin",
            ["twin_hash"],
            unique=False,
            sqlite_where=sa.text("twin_hash IS NOT NULL"),
            postgresql_where=sa.text("twin_hash IS NOT NULL"),
        )

    op.create_table(
        "email_link",
        sa.Column("message_hash", sa.String(), nullable=False),
        sa.Column("node", sa.String(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("message_hash", "node", "source_id"),
    )
    with op.batch_alter_table("email_link", schema=None) as batch_op:
        batch_op.create_index("email_link_node", ["node"], unique=False)

    op.create_table(
        "lead",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("stage_ref", sa.String(), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("owner_ref", sa.String(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("created_day", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("response_s", sa.Integer(), nullable=True),
        sa.Column("response_work_s", sa.Integer(), nullable=True),
        sa.Column("won", sa.Integer(), nullable=False),
        sa.Column("row_hash", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN (0, 1, 2)", name="lead_state"),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("source_id", "ref"),
    )
    with op.batch_alter_table("lead", schema=None) as batch_op:
        batch_op.create_index("lead_created", ["created_day", "created_by"], unique=False)

    op.create_table(
        "meeting",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("owner_ref", sa.String(), nullable=True),
        sa.Column("about_ref", sa.String(), nullable=True),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("credited_to", sa.Integer(), nullable=True),
        sa.Column("row_hash", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN (0, 1, 2)", name="meeting_state"),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("source_id", "ref"),
    )
    with op.batch_alter_table("meeting", schema=None) as batch_op:
        batch_op.create_index("meeting_about", ["source_id", "about_ref"], unique=False)
        batch_op.create_index("meeting_day", ["day", "credited_to"], unique=False)

    op.create_table(
        "owner_change",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("fact", sa.String(), nullable=False),
        sa.Column("after_at", sa.BigInteger(), nullable=False),
        sa.Column("owner_ref", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("source_id", "ref", "fact", "after_at"),
    )
    op.create_table(
        "owner_event",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("record_ref", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("before_ref", sa.String(), nullable=True),
        sa.Column("after_ref", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("source_id", "ref", "kind"),
    )
    with op.batch_alter_table("owner_event", schema=None) as batch_op:
        batch_op.create_index("owner_event_record", ["source_id", "record_ref"], unique=False)

    op.create_table(
        "pipeline",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sort", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("source_id", "ref"),
    )
    op.create_table(
        "product_line",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("deal_ref", sa.String(), nullable=False),
        sa.Column("product_ref", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("discount", sa.BigInteger(), nullable=True),
        sa.Column("base_amount", sa.BigInteger(), nullable=True),
        sa.Column("base_discount", sa.BigInteger(), nullable=True),
        sa.Column("client_ref", sa.String(), nullable=True),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_day", sa.Integer(), nullable=True),
        sa.Column("closed_by", sa.Integer(), nullable=True),
        sa.Column("row_hash", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("source_id", "ref"),
    )
    with op.batch_alter_table("product_line", schema=None) as batch_op:
        batch_op.create_index("product_line_closed", ["closed_day", "closed_by"], unique=False)
        batch_op.create_index("product_line_deal", ["source_id", "deal_ref"], unique=False)

    op.create_table(
        "purchase",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("client_ref", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("base_amount", sa.BigInteger(), nullable=True),
        sa.Column("owner_ref", sa.String(), nullable=True),
        sa.Column("bought_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("credited_to", sa.Integer(), nullable=True),
        sa.Column("row_hash", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("source_id", "ref"),
    )
    with op.batch_alter_table("purchase", schema=None) as batch_op:
        batch_op.create_index("purchase_client", ["source_id", "client_ref"], unique=False)
        batch_op.create_index("purchase_day", ["day", "credited_to"], unique=False)

    op.create_table(
        "quarantine",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("keys", sa.String(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("source_id", "stream", "ref"),
    )
    op.create_table(
        "quote",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("stage_ref", sa.String(), nullable=False),
        sa.Column("deal_ref", sa.String(), nullable=True),
        sa.Column("owner_ref", sa.String(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("created_day", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("won", sa.Integer(), nullable=False),
        sa.Column("row_hash", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("source_id", "ref"),
    )
    with op.batch_alter_table("quote", schema=None) as batch_op:
        batch_op.create_index("quote_created", ["created_day", "created_by"], unique=False)
        batch_op.create_index("quote_deal", ["source_id", "deal_ref"], unique=False)

    op.create_table(
        "rate",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("numerator", sa.BigInteger(), nullable=False),
        sa.Column("denominator", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("source_id", "currency", "day"),
    )
    op.create_table(
        "receipt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("quarantined", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "snapshot",
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("metric", sa.String(), nullable=False),
        sa.Column("manager_id", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("gap", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("day", "source_id", "metric", "manager_id"),
    )
    op.create_table(
        "snapshot_day",
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("metric", sa.String(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("day", "source_id", "metric"),
    )
    op.create_table(
        "stage",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("pipeline_ref", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sort", sa.Integer(), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("source_id", "ref", "pipeline_ref"),
    )
    op.create_table(
        "stage_change",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("record_ref", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("pipeline_ref", sa.String(), nullable=False),
        sa.Column("stage_ref", sa.String(), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("source_id", "ref", "kind"),
    )
    with op.batch_alter_table("stage_change", schema=None) as batch_op:
        batch_op.create_index("stage_change_record", ["source_id", "record_ref"], unique=False)

    op.create_table(
        "stream",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("full_from", sa.BigInteger(), nullable=True),
        sa.Column("checkpoint", sa.String(), nullable=True),
        sa.Column("began_at", sa.BigInteger(), nullable=True),
        sa.Column("watermark", sa.BigInteger(), nullable=True),
        sa.Column("cursor", sa.String(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("swept_at", sa.BigInteger(), nullable=True),
        sa.Column("late_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("error_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("source_id", "name"),
    )
    op.create_table(
        "task",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("is_crm", sa.Integer(), nullable=False),
        sa.Column("owner_ref", sa.String(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("deadline_at", sa.BigInteger(), nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("created_day", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("deadline_day", sa.Integer(), nullable=True),
        sa.Column("deadline_by", sa.Integer(), nullable=True),
        sa.Column("done_day", sa.Integer(), nullable=True),
        sa.Column("done_by", sa.Integer(), nullable=True),
        sa.Column("is_overdue", sa.Integer(), nullable=False),
        sa.Column("row_hash", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN (0, 1)", name="task_state"),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("source_id", "ref"),
    )
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.create_index("task_created", ["created_day", "created_by"], unique=False)
        batch_op.create_index("task_deadline", ["deadline_day", "deadline_by"], unique=False)
        batch_op.create_index("task_done", ["done_day", "done_by"], unique=False)

    op.create_table(
        "writeback_step",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("remote_ref", sa.String(), nullable=True),
        sa.Column("old", sa.Text(), nullable=False),
        sa.Column("new", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["writeback_run.id"],
        ),
        sa.PrimaryKeyConstraint("run_id", "seq"),
    )
    with op.batch_alter_table("writeback_step", schema=None) as batch_op:
        batch_op.create_index("writeback_step_open", ["state"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("writeback_step", schema=None) as batch_op:
        batch_op.drop_index("writeback_step_open")

    op.drop_table("writeback_step")
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.drop_index("task_done")
        batch_op.drop_index("task_deadline")
        batch_op.drop_index("task_created")

    op.drop_table("task")
    op.drop_table("stream")
    with op.batch_alter_table("stage_change", schema=None) as batch_op:
        batch_op.drop_index("stage_change_record")

    op.drop_table("stage_change")
    op.drop_table("stage")
    op.drop_table("snapshot_day")
    op.drop_table("snapshot")
    op.drop_table("receipt")
    op.drop_table("rate")
    with op.batch_alter_table("quote", schema=None) as batch_op:
        batch_op.drop_index("quote_deal")
        batch_op.drop_index("quote_created")

    op.drop_table("quote")
    op.drop_table("quarantine")
    with op.batch_alter_table("purchase", schema=None) as batch_op:
        batch_op.drop_index("purchase_day")
        batch_op.drop_index("purchase_client")

    op.drop_table("purchase")
    with op.batch_alter_table("product_line", schema=None) as batch_op:
        batch_op.drop_index("product_line_deal")
        batch_op.drop_index("product_line_closed")

    op.drop_table("product_line")
    op.drop_table("pipeline")
    with op.batch_alter_table("owner_event", schema=None) as batch_op:
        batch_op.drop_index("owner_event_record")

    op.drop_table("owner_event")
    op.drop_table("owner_change")
    with op.batch_alter_table("meeting", schema=None) as batch_op:
        batch_op.drop_index("meeting_day")
        batch_op.drop_index("meeting_about")

    op.drop_table("meeting")
    with op.batch_alter_table("lead", schema=None) as batch_op:
        batch_op.drop_index("lead_created")

    op.drop_table("lead")
    with op.batch_alter_table("email_link", schema=None) as batch_op:
        batch_op.drop_index("email_link_node")

    op.drop_table("email_link")
    with op.batch_alter_table("email", schema=None) as batch_op:
        batch_op.drop_index(
            "email_twin",
            sqlite_where=sa.text("twin_hash IS NOT NULL"),
            postgresql_where=sa.text("twin_hash IS NOT NULL"),
        )
        batch_op.drop_index(
            "email_message",
            sqlite_where=sa.text("message_hash IS NOT NULL"),
            postgresql_where=sa.text("message_hash IS NOT NULL"),
        )
        batch_op.drop_index(
            "email_likeness",
            sqlite_where=sa.text("likeness IS NOT NULL"),
            postgresql_where=sa.text("likeness IS NOT NULL"),
        )
        batch_op.drop_index("email_day")
        batch_op.drop_index("email_about")

    op.drop_table("email")
    op.drop_table("department")
    with op.batch_alter_table("deal", schema=None) as batch_op:
        batch_op.drop_index(
            "deal_win",
            sqlite_where=sa.text("state = 1 AND removed_at IS NULL"),
            postgresql_where=sa.text("state = 1 AND removed_at IS NULL"),
        )
        batch_op.drop_index(
            "deal_quote",
            sqlite_where=sa.text("quote_ref IS NOT NULL"),
            postgresql_where=sa.text("quote_ref IS NOT NULL"),
        )
        batch_op.drop_index(
            "deal_lead",
            sqlite_where=sa.text("lead_ref IS NOT NULL"),
            postgresql_where=sa.text("lead_ref IS NOT NULL"),
        )
        batch_op.drop_index("deal_created")
        batch_op.drop_index("deal_closed")

    op.drop_table("deal")
    op.drop_table("custom_value")
    with op.batch_alter_table("client", schema=None) as batch_op:
        batch_op.drop_index("client_created")
        batch_op.drop_index("client_company")

    op.drop_table("client")
    with op.batch_alter_table("call_leg", schema=None) as batch_op:
        batch_op.drop_index(
            "call_leg_outer",
            sqlite_where=sa.text("outer_ref IS NOT NULL"),
            postgresql_where=sa.text("outer_ref IS NOT NULL"),
        )
        batch_op.drop_index(
            "call_leg_lead",
            sqlite_where=sa.text("substr(client_ref, 1, 5) = 'lead:'"),
            postgresql_where=sa.text("substr(client_ref, 1, 5) = 'lead:'"),
        )
        batch_op.drop_index("call_leg_call")

    op.drop_table("call_leg")
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.drop_index("call_day")
        batch_op.drop_index(
            "call_client",
            sqlite_where=sa.text("manager_id = 0"),
            postgresql_where=sa.text("manager_id = 0"),
        )
        batch_op.drop_index(
            "call_back",
            sqlite_where=sa.text("callback_s IS NOT NULL"),
            postgresql_where=sa.text("callback_s IS NOT NULL"),
        )

    op.drop_table("call")
    op.drop_table("alias")
    op.drop_table("account_department")
    op.drop_table("account")
    op.drop_table("writeback_run")
    op.drop_table("writeback_item")
    op.drop_table("task_journal")
    op.drop_table("source")
    op.drop_table("quote_journal")
    op.drop_table("purchase_journal")
    op.drop_table("product_line_journal")
    op.drop_table("meeting_journal")
    op.drop_table("mark")
    op.drop_table("manager")
    op.drop_table("lead_journal")
    op.drop_table("email_journal")
    op.drop_table("destination")
    op.drop_table("deal_journal")
    op.drop_table("client_journal")
    op.drop_table("call_journal")
