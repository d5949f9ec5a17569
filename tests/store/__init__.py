"""The tables, what is kept in them, and what happens when the database has trouble."""
