"""Refusals as the Data API words them: HTTP 200 and an `error` with a mnemonic."""

from collections.abc import Mapping
from typing import Any

_KINDS = {
    "parse_error": (-32700, "Invalid JSON was received by the server."),
    "invalid_request": (-32600, "Invalid Request The JSON sent is not a valid Request object"),
    "method_not_found": (-32601, "The method does not exist / is not available"),
    "batch_opreations_not_supported": (-32099, "Batch operations not supported"),
    "notifications_not_supported": (-32099, "Notifications not supported"),
    "required_parameter_missed": (-32602, "The required parameter has been missed"),
    "data_type_error": (-32602, "Data supplied is of wrong type"),
    "invalid_parameter_value": (-32602, "Invalid parameter value"),
    "unexpected_parameters": (-32602, "Unexpected method parameter(s)"),
    "sort_prohibited": (-32602, "Sort by parameter is prohibited"),
    "filter_prohibited": (-32602, "Filter by parameter is prohibited"),
    "date_interval_limit_reached": (-32602, "Max value of requested date interval is 3 months"),
    "access_token_invalid": (-32001, "Access token is invalid"),
    "access_token_expired": (-32001, "Access token has been expired"),
    "access_token_blocked": (-32001, "Access token has been blocked"),
    "ip_not_whitelisted": (-32003, "Your IP {ip} is not whitelisted"),
    "forbidden": (-32003, "Permission denied"),
    "method_component_disabled": (
        -32008,
        "You need at least on of the following components to access this method: {components}",
    ),
    "account_inactive": (-32009, "Your account has been disabled, contact the support service"),
    "limit_exceeded": (
        -32029,
        "Limit per {limit_type} has been exceeded. Value of current limit per {limit_type} is"
        " {limit_max_value}",
    ),
    "internal_error": (-32603, "Internal error, contact the support service"),
}
_NO_PARAMS: Mapping[str, str] = {}


class Problem(Exception):
    """One refusal; `value` repeats what was sent, as the vendor does."""

    def __init__(
        self,
        mnemonic: str,
        *,
        field: str = "",
        value: object = None,
        params: Mapping[str, str] = _NO_PARAMS,
    ) -> None:
        super().__init__(mnemonic)
        self.mnemonic = mnemonic
        self._field = field
        self._value = value
        self._params = dict(params)

    def body(self, number: object, limits: Mapping[str, int]) -> dict[str, Any]:
        """The whole answer to request `number`."""
        code, text = _KINDS[self.mnemonic]
        data: dict[str, Any] = {"mnemonic": self.mnemonic, "extended_helper": ""}
        if self._field:
            data["field"] = self._field
        if self._value is not None:
            data["value"] = self._value
        data["params"] = {"object": "", **self._params}
        data["metadata"] = {"limits": dict(limits)} if limits else {}
        message = text.format(**self._params) if self._params else text
        error = {"code": code, "message": message, "data": data}
        return {"jsonrpc": "2.0", "id": number, "error": error}
