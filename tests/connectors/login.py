"""An account that an integration was let into by OAuth, with its tokens on this machine."""

from pathlib import Path
from typing import Any

from tests.connectors.renewer import LOGIN, Place, begin, ended, use, use_and_die


class Login:
    """A vendor's account, what it knows of the integration, and where the tokens are kept."""

    def __init__(self, vendor: str, box: Any, folder: Path) -> None:
        self.box, self.told = box, folder / "told"
        self.oauth = box.account.access if vendor == "amocrm" else box.portal.oauth
        settings = {"url": box.url, "client_id": self.oauth.client_id}
        if vendor == "amocrm":
            settings["redirect_uri"] = self.oauth.redirect_uri
        else:
            settings["auth_server"] = box.url
        self.place = Place(vendor, settings, self.oauth.client_secret, folder / "data")
        self.place.folder.mkdir(mode=0o700)
        self.place.log_in()

    def killed_at(self, step: int, trace: Path) -> int | None:
        """The end of a process that needs a new token and dies before this step."""
        self.oauth.expire()
        return ended(begin(use_and_die, self.place, step, trace))

    def goes_on(self) -> bool:
        """Whether a fresh process needs nobody; if it does, it says what to do, and that helps."""
        code = ended(begin(use, self.place, self.told))
        if code == 0:
            return True
        assert code == LOGIN
        told = self.told.read_text(encoding="utf-8")
        assert "had been lost" in told
        assert "Run: merilo login main" in told
        self.place.log_in()
        assert ended(begin(use, self.place, self.told)) == 0
        return False
