"""A connection to a Chroma server: where it listens, and how long it is waited for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from assistant.errors import ChromaServerError, SettingsError, reason, without_secrets

if TYPE_CHECKING:
    import httpx
    from chromadb.api.client import Client
    from chromadb.auth import UserIdentity

PATIENCE = 60.0
"""Seconds that the server may take to reply."""

CONNECTING = 10.0
"""Seconds in which it must be connected to: one that cannot be reached stays silent."""

LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Server:
    """Where a Chroma server listens, and the token for it."""

    address: str
    token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Raises SettingsError."""
        try:
            parts = urlsplit(self.address)
            named = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            named = None
        if not named or parts.path.strip("/") or parts.query or parts.username:
            raise SettingsError(f"chroma {self.address!r} is no address; write it as http://HOST:8000")
        if self.token and parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise SettingsError(f"the token for {self.address} could be read on its way; use https://")

    def client(self) -> Client:
        """A connection. Raises ChromaServerError."""
        import httpx
        from chromadb.config import Settings as ChromaSettings
        from chromadb.errors import ChromaError

        parts = urlsplit(self.address)
        secure = parts.scheme == "https"
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            beat = f"{self.address.rstrip('/')}/api/v2/heartbeat"
            httpx.get(beat, headers=headers, timeout=_patience()).raise_for_status()
            return _patient()(
                settings=ChromaSettings(
                    chroma_api_impl="chromadb.api.fastapi.FastAPI",
                    chroma_server_host=parts.hostname or "",
                    chroma_server_http_port=parts.port or (443 if secure else 80),
                    chroma_server_ssl_enabled=secure,
                    chroma_server_headers=headers,
                    anonymized_telemetry=False,
                )
            )
        except httpx.HTTPStatusError as error:
            why, remedy = f"status {error.response.status_code}", "set ASSISTANT_CHROMA_TOKEN to its token"
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, ChromaError) as error:
            why, remedy = without_secrets(reason(error)), "start one with: chroma run"
        raise ChromaServerError(
            f"no Chroma server answers at {self.address} ({why}); {remedy}, or correct ASSISTANT_CHROMA"
        )


def _patience() -> httpx.Timeout:
    import httpx

    return httpx.Timeout(PATIENCE, connect=CONNECTING)


def _patient() -> type[Client]:
    """chromadb's client, but patient within limits: left to itself it waits for every reply for ever. It asks
    the server over two connections while it is made, so a limit that is set afterwards comes too late."""
    from chromadb.api.client import Client

    class Patient(Client):
        def get_user_identity(self) -> UserIdentity:
            cast("Any", self._server)._session.timeout = _patience()
            return super().get_user_identity()

        def _validate_tenant_database(self, tenant: str, database: str) -> None:
            cast("Any", self._admin_client)._server._session.timeout = _patience()
            super()._validate_tenant_database(tenant, database)

    return Patient


def disconnect(client: Any) -> None:
    """Closes a connection. Left to itself chromadb keeps two sessions open, and remembers every client."""
    from chromadb.api.shared_system_client import SharedSystemClient

    both = client, client._admin_client
    systems, sessions = [one._system for one in both], [one._server._session for one in both]
    client.close()
    for session in sessions:
        session.close()
    remembered = SharedSystemClient._identifier_to_system
    for name in [name for name, system in remembered.items() if system in systems]:
        del remembered[name]
