"""Sealed bytes: whoever lacks the key can neither read nor change them unseen."""

import hashlib
import os

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
)
from nacl.exceptions import CryptoError

_NONCE = 24
"""Bytes; so many that a random one never comes twice."""


def derive_key(secret: bytes, purpose: bytes) -> bytes:
    """A 32-byte key made of a random secret of any length, another one for every purpose.

    `purpose`: at most 16 bytes. BLAKE2b, RFC 7693, personalised.
    """
    return hashlib.blake2b(secret, digest_size=32, person=purpose).digest()


def seal(plain: bytes, key: bytes, bound_to: bytes = b"") -> bytes:
    """Seals `plain` by XChaCha20-Poly1305; it opens only with the same key and `bound_to`."""
    nonce = os.urandom(_NONCE)
    return nonce + crypto_aead_xchacha20poly1305_ietf_encrypt(plain, bound_to, nonce, key)


def unseal(sealed: bytes, key: bytes, bound_to: bytes = b"") -> bytes:
    """What was sealed; ValueError when it was changed, or sealed with another key."""
    nonce, body = sealed[:_NONCE], sealed[_NONCE:]
    try:
        return crypto_aead_xchacha20poly1305_ietf_decrypt(body, bound_to, nonce, key)
    except (CryptoError, TypeError) as error:
        raise ValueError("it does not open with this key") from error
