"""Webhooks: a hint makes the source due, whatever it says; nothing of it is believed."""

from pathlib import Path

import httpx

from merilo.site import start_site
from sandbox.server import start_sandbox
from tests.canary import canary
from tests.flow.amo import agent, write_settings
from web.address import listen


def test_the_account_s_own_webhook_wakes_the_source_and_a_stranger_s_does_not(
    tmp_path: Path,
) -> None:
    secret, woken = tmp_path / "hook", list[str]()
    value = canary("hook")
    secret.write_text(value)
    secret.chmod(0o600)
    with start_sandbox("amocrm", scale="tiny", seed=5, limits=False) as box:
        path = write_settings(tmp_path, box, extra=f'hook = "file:{secret}"')
        with agent(path) as app:
            site = start_site(lambda: app, lambda: (), listen("127.0.0.1", 0), woken.append)
            try:
                ours = f"{site.url}/hook/amo/{value}"
                app.client("amo").write(
                    "POST", "api/v4/webhooks", {"destination": ours, "settings": ["status_lead"]}
                )
                leads = box.account.leads.rows.values()
                box.account.win_lead(next(each.id for each in leads if each.closed_at is None))
                box.account.hooks.wait()
                assert woken
                for place in ("amo/guessed", f"other/{value}"):
                    answer = httpx.post(f"{site.url}/hook/{place}", data={"leads": "1"})
                    assert answer.status_code == 404
            finally:
                site.stop()
    assert set(woken) == {"amo"}
