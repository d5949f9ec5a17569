"""Says in plain words why a server's TLS certificate was not accepted, and builds the trust."""

import ssl

from config.error import ConfigError
from connectors.error import RetryableError

PAUSE_S = 300.0

_REASON = {
    9: "is not valid yet; is this machine's clock right?",
    10: "has expired",
    18: "is self-signed",
    19: "ends in a self-signed authority unknown to this machine",
    20: "is signed by an authority unknown to this machine",
    21: "is signed by an authority unknown to this machine",
    62: "belongs to another host",
    64: "belongs to another host",
}
"""OpenSSL's X509_V_ERR_* codes that an administrator meets."""

_UNKNOWN_AUTHORITY = {18, 19, 20, 21}


def trust(context: ssl.SSLContext, ca_bundle: str) -> ssl.SSLContext:
    """Adds the system's authorities and the file of `ca_bundle`; ConfigError if it is unusable."""
    context.load_default_certs()
    if not ca_bundle:
        return context
    try:
        context.load_verify_locations(cafile=ca_bundle)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"The file named by `ca_bundle` cannot be used: {ca_bundle} ({error}).",
            did="Nothing was sent.",
            todo="Name a readable PEM file with the certificate of your authority.",
        ) from None
    return context


def explain_certificate(error: BaseException | None, host: str) -> RetryableError | None:
    """The failure behind `error` if it is about TLS, else None."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return _refused(error, host)
        if isinstance(error, ssl.SSLError):
            return RetryableError(
                f"{host} does not speak TLS as expected ({error.reason or 'handshake failed'}).",
                todo="Check `url`: is it https, and is the port right?",
            )
        error = error.__cause__ or error.__context__
    return None


def _refused(error: ssl.SSLCertVerificationError, host: str) -> RetryableError:
    code = error.verify_code
    reason = _REASON.get(code, f"was not accepted ({error.verify_message})")
    todo = "Have the certificate renewed, or correct the host in `url`."
    if code in _UNKNOWN_AUTHORITY:
        todo = "If that is your own authority, name its PEM file in `ca_bundle` of the source."
    return RetryableError(
        f"The certificate of {host} {reason}.",
        did="Nothing was sent: without a valid certificate the secret could be read on the way.",
        todo=todo,
        retry_after=PAUSE_S,
    )
