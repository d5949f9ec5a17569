"""What people, robots and tests do with contacts, calls, letters and tasks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sandbox.amocrm.contact import EMAIL_ID, PHONE_ID, Client
from sandbox.amocrm.customer_deed import CustomerDeeds
from sandbox.amocrm.event import Event, note_event, task_events
from sandbox.amocrm.field import WORK_EMAIL, WORK_PHONE
from sandbox.amocrm.hook_view import client_tree, note_tree, task_tree
from sandbox.amocrm.lead_deed import LeadDeeds
from sandbox.amocrm.note import MAIL, Letter, Note, PhoneCall, call_type
from sandbox.amocrm.product_deed import ProductDeeds
from sandbox.amocrm.task import MEETING, Task, TaskVersion
from sandbox.amocrm.user import ADMIN_ID

_CLIENT_KINDS = {"contacts": "contact", "companies": "company"}


class Deeds(LeadDeeds, CustomerDeeds, ProductDeeds):
    """Every method is thread-safe; moments are aware, `at` defaults to now."""

    def add_contact(
        self, owner: int, name: str, *, phone: str = "", email: str = "", company: int = 0,
        by: int | None = None, at: datetime | None = None,
    ) -> int:  # fmt: skip
        """Note a person; returns the id."""
        with self.lock:
            moment, maker = self.moment(at), owner if by is None else by
            contact = Client(self.fresh_id(), name, owner, maker, moment)
            contact.company = company
            put_addresses(contact, phone, email)
            return self.bring_client("contacts", contact)

    def add_company(
        self, owner: int, name: str, *, by: int | None = None, at: datetime | None = None
    ) -> int:
        """Note a firm; returns the id."""
        with self.lock:
            maker = owner if by is None else by
            return self.bring_client(
                "companies", Client(self.fresh_id(), name, owner, maker, self.moment(at))
            )

    def bring_client(self, entity: str, client: Client) -> int:
        """Take in a new contact or company."""
        kind = _CLIENT_KINDS[entity]
        table = self.contacts if entity == "contacts" else self.companies
        table.put(client)
        note = ("note", self.fresh_note_id())
        at, by = client.created_at, client.created_by
        self.note_event(Event(f"{kind}_added", kind, client.id, at, by, (), (note,)))
        self.tell(f"add_{kind}", lambda: client_tree(self, "add", client, kind))
        return client.id

    def assign_client(
        self, entity: str, client_id: int, user: int, *, by: int = ADMIN_ID,
        at: datetime | None = None,
    ) -> int:  # fmt: skip
        """Give a contact or a company to somebody else."""
        with self.lock:
            table = self.contacts if entity == "contacts" else self.companies
            client, moment = table.rows[client_id], self.moment(at)
            if client.owner != user:
                before, after = (("owner", client.owner),), (("owner", user),)
                kind, name = _CLIENT_KINDS[entity], "entity_responsible_changed"
                self.note_event(Event(name, kind, client_id, moment, by, before, after))
                client.owner = user
                client.touch(moment, by)
                table.touch()
            return client_id

    def merge_contacts(
        self, survivor: int, loser: int, *, by: int = ADMIN_ID, at: datetime | None = None
    ) -> int:
        """Make one contact of two; leads and notes move over, the loser lies in the trash."""
        with self.lock:
            moment = self.moment(at)
            lost = self.contacts.rows[loser]
            self.contacts.hide(loser)
            lost.merged_into = survivor
            lost.touch(moment, by)
            for lead in self.leads.every():
                if lead.contact == loser:
                    lead.contact = survivor
            self.leads.touch()
            self._move_notes("contacts", loser, survivor)
            self.contacts.rows[survivor].touch(moment, by)
            self.contacts.touch()
            self.note_event(Event("entity_merged", "contact", survivor, moment, by))
            return survivor

    def delete_contact(
        self, contact: int, *, by: int = ADMIN_ID, at: datetime | None = None
    ) -> int:
        """Put a contact into the trash."""
        with self.lock:
            moment = self.moment(at)
            gone = self.contacts.rows[contact]
            self.contacts.hide(contact)
            gone.touch(moment, by)
            self.note_event(Event("contact_deleted", "contact", contact, moment, by))
            self.tell("delete_contact", lambda: client_tree(self, "delete", gone, "contact"))
            return contact

    def add_call(
        self,
        user: int,
        *places: tuple[str, int],
        incoming: bool = True,
        duration: int | str | None = 0,
        status: int | str | None = 4,
        phone: str = "+74951234567",
        uniq: str = "",
        source: str = "АТС",
        responsible: int | str | None = -1,
        owner: int | None = None,
        by: int | None = None,
        at: datetime | None = None,
    ) -> list[int]:
        """A call, shown as a note on each of `places` such as ("leads", 7); returns note ids.

        `responsible` -1 = the user, None = the switchboard sent none; `owner` is the note's
        responsible user and `by` its author, both the user by default.
        """
        with self.lock:
            sent = user if responsible == -1 else responsible
            call = PhoneCall(uniq, source, incoming, phone, duration, status, sent)
            author = user if by is None else by
            holder = user if owner is None else owner
            kind, moment = call_type(call), self.moment(at)
            notes = [Note(kind, entity, moment, author, holder, call) for _, entity in places]
            return self._bring_notes(places, notes)

    def _bring_notes(self, places: Sequence[tuple[str, int]], notes: Sequence[Note]) -> list[int]:
        """Notes of something that was a while ago, written down now; their ids."""
        for note in notes:
            note.updated_at = max(note.created_at, self.now())
        return [
            self.bring_note(entity, note) for (entity, _), note in zip(places, notes, strict=True)
        ]

    def add_letter(
        self,
        user: int,
        *places: tuple[str, int],
        incoming: bool = True,
        message: str = "",
        client: tuple[str, str] = ("Клиент", "client@example.test"),
        subject: str = "Коммерческое предложение",
        at: datetime | None = None,
    ) -> list[int]:
        """A letter of a user's mailbox, shown on each of `places`; returns note ids."""
        with self.lock:
            mailbox = (self.users[user].name, self.users[user].email)
            name = message or f"<{self.fresh_id()}@severny-veter.example>"
            letter = Letter(name, self.fresh_id(), incoming, mailbox, client, subject)
            moment = self.moment(at)
            by = 0 if incoming else user
            notes = [Note(MAIL, entity, moment, by, user, letter) for _, entity in places]
            return self._bring_notes(places, notes)

    def bring_note(self, entity: str, note: Note) -> int:
        """Take in a new note; returns its id."""
        note.id = self.fresh_note_id()
        self.notes[entity].put(note)
        event = note_event(entity, note)
        if event is not None:
            self.note_event(event)
        kind = {"companies": "company"}.get(entity, entity[:-1])
        self.tell(f"note_{kind}", lambda: note_tree(self, entity, note))
        return note.id

    def delete_note(
        self, entity: str, note_id: int, *, by: int = ADMIN_ID, at: datetime | None = None
    ) -> int:
        """Remove a note for good."""
        with self.lock:
            note = self.notes[entity].rows.pop(note_id)
            self.notes[entity].touch()
            kind = {"companies": "company"}.get(entity, entity[:-1])
            what = ("note", note_id)
            moment = self.moment(at)
            self.note_event(
                Event("common_note_deleted", kind, note.entity, moment, by, (what,), ())
            )
            return note_id

    def add_task(
        self, owner: int, due: datetime | None = None, *, type_id: int = MEETING,
        text: str = "Встреча с клиентом", place: tuple[str, int] | None = None,
        by: int | None = None, at: datetime | None = None,
    ) -> int:  # fmt: skip
        """Plan something, a meeting by default, due in an hour by default; returns the id."""
        with self.lock:
            moment, maker = self.moment(at), owner if by is None else by
            until = moment + 3600 if due is None else self.moment(due)
            first = TaskVersion(moment, maker, owner, type_id, until, text)
            task = Task(self.fresh_id(), first, place)
            self.tasks.put(task)
            self.note_event(Event("task_added", "task", task.id, moment, maker))
            self.tell("add_task", lambda: task_tree(self, "add", task))
            return task.id

    def update_task(
        self, task_id: int, *, by: int | None = None, at: datetime | None = None, **values: Any
    ) -> bool:
        """Change owner, type, due (seconds), text, completed or result; says if anything did."""
        with self.lock:
            task = self.tasks.rows[task_id]
            before = task.now
            moment = max(self.moment(at), before.at)
            actor = before.owner if by is None else by
            following = before._replace(**values)
            if following == before:
                return False
            task.versions.append(following._replace(at=moment, by=actor))
            self.tasks.touch()
            self.note_event(*task_events(task, before, task.now))
            self.tell("update_task", lambda: task_tree(self, "update", task))
            return True

    def complete_task(self, task_id: int, result: str | None = None, **more: Any) -> int:
        """The work is done."""
        self.update_task(task_id, completed=True, result=result, **more)
        return task_id

    def delete_task(self, task_id: int, *, by: int = ADMIN_ID, at: datetime | None = None) -> int:
        """Remove a task."""
        with self.lock:
            task = self.tasks.rows[task_id]
            self.tasks.hide(task_id)
            before = task.now
            moment = max(self.moment(at), before.at)
            task.versions.append(before._replace(at=moment, by=by, deleted=True))
            self.note_event(*task_events(task, before, task.now))
            self.tell("delete_task", lambda: task_tree(self, "delete", task))
            return task_id


def put_addresses(contact: Client, phone: str, email: str) -> None:
    """Fill in a telephone number and an e-mail address, as far as given."""
    if phone:
        contact.values[PHONE_ID] = [{"value": phone, "enum_id": WORK_PHONE, "enum_code": "WORK"}]
    if email:
        contact.values[EMAIL_ID] = [{"value": email, "enum_id": WORK_EMAIL, "enum_code": "WORK"}]
