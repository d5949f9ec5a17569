"""What people, robots and tests do with leads."""

from datetime import datetime
from typing import Any

from sandbox.amocrm.book import Book
from sandbox.amocrm.event import Event, lead_events
from sandbox.amocrm.hook_view import lead_tree
from sandbox.amocrm.lead import VERSIONED, Lead, Version, changed
from sandbox.amocrm.pipeline import LOST, WON
from sandbox.amocrm.unsorted import Incoming
from sandbox.amocrm.user import ADMIN_ID

_MAIN = 3177727


class LeadDeeds(Book):
    """Every method is thread-safe; moments are aware, `at` defaults to now; sums in roubles."""

    def create_lead(
        self,
        owner: int,
        price: int = 0,
        status: int | None = None,
        pipeline: int = _MAIN,
        name: str = "Сделка",
        *,
        contact: int = 0,
        company: int = 0,
        by: int | None = None,
        at: datetime | None = None,
    ) -> int:
        """Open a deal in the first stage of a pipeline, or in the named one; returns its id."""
        with self.lock:
            moment, maker = self.moment(at), owner if by is None else by
            stage = self.pipelines[pipeline].path[0] if status is None else status
            self._known_stage(pipeline, stage)
            first = Version(moment, maker, owner, pipeline, stage, price, name)
            if stage in (WON, LOST):
                first = first._replace(closed_at=moment)
            lead = Lead(self.fresh_id(), first, contact, company)
            self.leads.put(lead)
            note = ("note", self.fresh_note_id())
            self.note_event(Event("lead_added", "lead", lead.id, moment, maker, (), (note,)))
            self.tell("add_lead", lambda: lead_tree(self, "add", lead))
            return lead.id

    def update_lead(
        self, lead_id: int, *, by: int | None = None, at: datetime | None = None, **values: Any
    ) -> bool:
        """Change owner, pipeline, status, price, name, reason or closed_at; says if it did."""
        with self.lock:
            lead = self.leads.rows[lead_id]
            moment = max(self.moment(at), lead.now.at)
            return self.change_lead(lead, moment, lead.now.owner if by is None else by, values)

    def move_lead(self, lead_id: int, status: int, pipeline: int | None = None, **more: Any) -> int:
        """Move a lead to a stage, of another pipeline when one is named."""
        where = self.leads.rows[lead_id].pipeline_id if pipeline is None else pipeline
        self.update_lead(lead_id, status=status, pipeline=where, **more)
        return lead_id

    def win_lead(self, lead_id: int, **more: Any) -> int:
        """The deal is made."""
        return self.move_lead(lead_id, WON, **more)

    def lose_lead(self, lead_id: int, reason: int | None = None, **more: Any) -> int:
        """The deal is lost, for a reason or without one."""
        return self.move_lead(lead_id, LOST, reason=reason, **more)

    def assign_lead(self, lead_id: int, user: int, **more: Any) -> int:
        """Give a lead to somebody else."""
        self.update_lead(lead_id, owner=user, **more)
        return lead_id

    def delete_lead(self, lead_id: int, *, by: int = ADMIN_ID, at: datetime | None = None) -> int:
        """Put a lead into the trash."""
        with self.lock:
            lead = self.leads.rows[lead_id]
            gone = lead.now._replace(at=max(self.moment(at), lead.now.at), by=by, deleted=True)
            self.leads.hide(lead_id)
            self._become(lead, gone)
            self.tell("delete_lead", lambda: lead_tree(self, "delete", lead))
            return lead_id

    def restore_lead(self, lead_id: int, *, by: int = ADMIN_ID, at: datetime | None = None) -> int:
        """Bring a lead back from the trash under its id."""
        with self.lock:
            lead = self.leads.trash[lead_id]
            moment = max(self.moment(at), lead.now.at)
            self.leads.reveal(lead_id)
            self._become(lead, lead.now._replace(at=moment, by=by, deleted=False))
            self.tell("restore_lead", lambda: lead_tree(self, "restore", lead))
            return lead_id

    def merge_leads(
        self, survivor: int, loser: int, *, by: int = ADMIN_ID, at: datetime | None = None
    ) -> int:
        """Make one lead of two: notes and tasks move over, the loser lies in the trash.

        The ledger names the survivor only, and says nothing of a deletion.
        """
        with self.lock:
            kept, lost = self.leads.rows[survivor], self.leads.rows[loser]
            moment = max(self.moment(at), kept.now.at, lost.now.at)
            self.leads.hide(loser)
            lost.versions.append(lost.now._replace(at=moment, by=by, deleted=True))
            lost.merged_into = survivor
            self._move_notes("leads", loser, survivor)
            kept.touched = (moment, by)
            self.leads.put(kept)
            self.note_event(Event("entity_merged", "lead", survivor, moment, by))
            self.tell("update_lead", lambda: lead_tree(self, "update", kept))
            return survivor

    def receive_unsorted(
        self, owner: int, category: str = "forms", *, phone: str = "79991234567", price: int = 0,
        pipeline: int = _MAIN, name: str = "Заявка с сайта", at: datetime | None = None,
    ) -> str:  # fmt: skip
        """Something comes in and waits; returns its uid. Its lead is `incoming[uid].lead`."""
        with self.lock:
            status = self.pipelines[pipeline].unsorted
            lead = self.create_lead(owner, price, status, pipeline, name, by=0, at=at)
            uid = f"{lead:08x}{self.id:08x}{len(self.incoming):024x}"
            number = len(self.incoming) + 1
            created = self.leads.rows[lead].created_at
            source = "АТС" if category == "sip" else "Сайт"
            self.incoming[uid] = Incoming(
                number, uid, category, source, pipeline, lead, 0, created, phone
            )
            return uid

    def accept_unsorted(
        self, uid: str, user: int, status: int | None = None, *, by: int | None = None,
        at: datetime | None = None,
    ) -> int:  # fmt: skip
        """Somebody takes what came in; returns the lead."""
        with self.lock:
            one = self.incoming[uid]
            stage = self.pipelines[one.pipeline].path[0] if status is None else status
            by = user if by is None else by
            self.update_lead(one.lead, owner=user, status=stage, by=by, at=at)
            one.done, one.done_at = "accept", self.moment(at)
            self.tell("delete_unsorted", lambda: _unsorted_tree(one))
            return one.lead

    def decline_unsorted(self, uid: str, *, by: int = ADMIN_ID, at: datetime | None = None) -> int:
        """Somebody throws away what came in; returns the lead, which is deleted."""
        with self.lock:
            one = self.incoming[uid]
            self.delete_lead(one.lead, by=by, at=at)
            one.done, one.done_at = "decline", self.moment(at)
            self.tell("delete_unsorted", lambda: _unsorted_tree(one))
            return one.lead

    def change_lead(self, lead: Lead, at: int, by: int, values: dict[str, Any]) -> bool:
        """Append the version that differs; says whether there was one."""
        if set(values) - VERSIONED:
            raise ValueError(f"a lead has no {sorted(set(values) - VERSIONED)}")
        wanted = {name: value for name, value in values.items() if getattr(lead.now, name) != value}
        before = lead.now
        if not wanted:
            return False
        following = changed(before, at, by, **wanted)
        self._known_stage(following.pipeline, following.status)
        self._become(lead, following)
        self.tell("update_lead", lambda: lead_tree(self, "update", lead))
        if before.stage != following.stage:
            self.tell("status_lead", lambda: lead_tree(self, "status", lead, before.status))
        if before.owner != following.owner:
            self.tell("responsible_lead", lambda: lead_tree(self, "responsible", lead))
        return True

    def _become(self, lead: Lead, following: Version) -> None:
        before = lead.now
        lead.versions.append(following)
        self.leads.touch()
        self.note_event(*lead_events(lead, before, following))

    def _known_stage(self, pipeline: int, status: int) -> None:
        if all(one.id != status for one in self.pipelines[pipeline].statuses):
            raise ValueError(f"pipeline {pipeline} has no stage {status}")

    def _move_notes(self, entity: str, loser: int, survivor: int) -> None:
        for note in self.notes[entity].rows.values():
            if note.entity == loser:
                note.entity = survivor
        self.notes[entity].touch()
        for task in self.tasks.every():
            if task.entity == (entity, loser):
                task.entity = (entity, survivor)
        self.tasks.touch()


def _unsorted_tree(one: Incoming) -> dict[str, Any]:
    row: dict[str, Any] = {
        "action": one.done,
        "uid": one.uid,
        "category": one.category,
        "created_at": one.at,
        f"{one.done}_result": {"leads": [one.lead]},
    }
    return {"unsorted": {"delete": [row]}}
