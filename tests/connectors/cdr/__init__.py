"""The connector of call records: files and databases, recorded rows and made-up ones."""
