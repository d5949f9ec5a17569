"""A real Kamailio with two real SIP telephones, all on the loopback."""

import os
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

_CONFIG = """#!KAMAILIO
debug=2
log_stderror=yes
children=2
listen=udp:127.0.0.1:{port}
auto_aliases=no
disable_tcp=yes
{modules}
modparam("dialog", "dlg_match_mode", 1)
modparam("acc", "db_url", "sqlite:///{database}")
modparam("acc", "db_flag", 1)
modparam("acc", "cdr_enable", 1)
modparam("acc", "cdrs_table", "cdrs")
modparam("acc", "cdr_start_on_confirmed", 0)
modparam("acc", "cdr_extra", "src=$fU;dst=$rU;call_id=$ci")
request_route {{
    if (is_method("INVITE") && !has_totag()) {{
        setflag(1);
        record_route();
    }}
    dlg_manage();
    $du = "sip:127.0.0.1:{answers}";
    t_relay();
}}
"""
_MODULES = ("tm", "sl", "rr", "pv", "textops", "siputils", "maxfwd", "xlog", "dialog", "db_sqlite",
            "acc")  # fmt: skip
_TABLES = """
CREATE TABLE version (table_name VARCHAR(32) NOT NULL, table_version INTEGER NOT NULL);
INSERT INTO version VALUES ('acc', 5), ('cdrs', 1);
CREATE TABLE acc (id INTEGER PRIMARY KEY, method VARCHAR(16), from_tag VARCHAR(64),
    to_tag VARCHAR(64), callid VARCHAR(255), sip_code VARCHAR(3), sip_reason VARCHAR(128),
    time TIMESTAMP NOT NULL);
CREATE TABLE cdrs (id INTEGER PRIMARY KEY, start_time TIMESTAMP, end_time TIMESTAMP,
    duration REAL, src VARCHAR(64), dst VARCHAR(64), call_id VARCHAR(255));
"""


class Kamailio:
    """A running server; `database` is the file in which it keeps its calls."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.database = folder, folder / "kamailio.db"
        self.port, self._answers, self._rings = _free_ports(3)

    def ring(self, number: str, *, calls: int, talk_ms: int) -> None:
        """Telephones ring a number and talk; returns when all of them have hung up."""
        answering = self._sipp("-sn", "uas", "-p", str(self._answers), "-m", str(calls))
        target = f"127.0.0.1:{self.port}"
        rate = ("-r", str(calls), "-d", str(talk_ms))
        many = ("-m", str(calls), "-p", str(self._rings))
        ringing = self._sipp("-sn", "uac", "-s", number, *rate, *many, target)
        try:
            assert ringing.wait(timeout=20) == 0
        finally:
            for each in (ringing, answering):
                each.kill()
                each.wait(timeout=10)

    def kept(self) -> int:
        """How many calls it has written down."""
        with closing(sqlite3.connect(self.database)) as database:
            [count] = database.execute("SELECT count(*) FROM cdrs").fetchone()
        return int(count)

    def _sipp(self, *arguments: str) -> subprocess.Popen[bytes]:
        command = ["sipp", "-i", "127.0.0.1", "-nostdin", *arguments]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=self.folder)


@contextmanager
def kamailio(folder: Path, zone: str) -> Iterator[Kamailio]:
    """A server whose machine shows the time of a zone."""
    server = Kamailio(folder)
    with closing(sqlite3.connect(server.database)) as database:
        database.executescript(_TABLES)
    modules = "\n".join(f'loadmodule "{name}.so"' for name in _MODULES)
    config = folder / "kamailio.cfg"
    config.write_text(
        _CONFIG.format(
            port=server.port, answers=server._answers, database=server.database, modules=modules
        )
    )
    options = ("-f", str(config), "-m", "64", "-M", "8", "-w", str(folder), "-DD", "-E")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            ["kamailio", *options], stdout=log, stderr=log, env={**os.environ, "TZ": zone}
        )
        try:
            _wait_for(server.port)
            yield server
        finally:
            process.terminate()
            process.wait(timeout=10)


def _wait_for(port: int) -> None:
    """Until somebody listens: then the port cannot be taken."""
    for _ in range(100):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mine:
            try:
                mine.bind(("127.0.0.1", port))
            except OSError:
                return
        time.sleep(0.05)
    raise TimeoutError("Kamailio did not start")


def _free_ports(count: int) -> list[int]:
    mine = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    try:
        for each in mine:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in mine]
    finally:
        for each in mine:
            each.close()
