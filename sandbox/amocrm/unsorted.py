"""Unsorted: what came in and nobody has accepted or declined yet. Each is a lead as well."""

from dataclasses import dataclass

_METADATA_S = 21


@dataclass(slots=True)
class Incoming:
    """One thing that came in; `done` is empty, accept or decline, at `done_at`."""

    id: int
    uid: str
    category: str
    source: str
    pipeline: int
    lead: int
    contact: int
    at: int
    phone: str
    done: str = ""
    done_at: int = 0

    @property
    def created_at(self) -> int:
        """When it came in."""
        return self.at

    def metadata(self) -> dict[str, object]:
        """What its category tells; a call's telephone is a number and its length a text."""
        if self.category == "sip":
            return {
                "from": self.phone,
                "phone": int(self.phone) if self.phone.isdigit() else self.phone,
                "called_at": self.at - _METADATA_S,
                "duration": "0",
                "link": None,
                "service_code": "pbx_widget",
            }
        return {
            "form_id": "1",
            "form_name": "Заявка с сайта",
            "form_page": "severny-veter.example",
            "ip": None,
            "form_sent_at": self.at,
            "referer": None,
        }
