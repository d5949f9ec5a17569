"""`merilo login`: the OAuth exchange of a source. Codes come by stdin, never as an argument."""

from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from config.settings import Settings
    from connectors.base import Login


def login(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help="A source with auth = oauth.")],
) -> None:
    """Log in to a source as an application: opens the way, takes the code, keeps the tokens."""
    import logging

    from config.secret import open_secrets
    from config.value import nearest
    from merilo.known_secret import KnownSecrets
    from merilo.log import configure_logging
    from merilo.login import login_of
    from merilo.wiring import settings_from

    known = KnownSecrets()
    configure_logging(None, known, logging.WARNING)
    settings = settings_from(context.obj, require_secrets=True)
    if source not in settings.sources:
        hint = nearest(source, settings.sources)
        raise typer.BadParameter(f"there is no source {source!r}{hint}", param_hint="SOURCE")
    secrets = open_secrets(settings.secrets, settings.merilo.data_dir)
    known.learn(settings, secrets)
    _exchange(settings, login_of(settings, secrets, source))


def _exchange(settings: "Settings", login: "Login") -> None:
    import secrets

    from merilo.login_answer import Listener, listens, wait_for_answer
    from merilo.login_text import login_text

    def say(name: str) -> None:
        typer.echo(login_text(settings.merilo.language, name), err=True)

    state = secrets.token_urlsafe(24)
    say("open")
    typer.echo(login.address(state))
    if listens(login.redirect_uri):
        page = login_text(settings.merilo.language, "page")
        with closing(Listener(login.redirect_uri, page)) as listener:
            say("listening")
            say("paste_here")
            answer = wait_for_answer(listener, state)
    else:
        say("paste")
        answer = wait_for_answer(None, state)
    who = login.redeem(answer)
    typer.echo(login_text(settings.merilo.language, "done").format(who=who), err=True)
