"""The connector of mailboxes: on documented letters, against a real server and against bad ones."""
