"""Why a call or a leg ended, in our words. Source: the lists of finish_reason of both reports."""

from connectors.base import Record
from connectors.field import text_of

ANSWERED, VOICEMAIL = "answered", "voicemail"
_OUTCOMES = {
    "busy": (
        "subscriber_busy",
        "operator_busy",
        "employee_busy",
        "employee_busy_after_call",
        "operator_channels_busy",
    ),
    "missed": (
        "subscriber_disconnects",
        "subscriber_not_responsible",
        "operator_not_responsible",
        "timeout",
        "no_success_subscriber_call",
        "no_success_operator_call",
        "no_operator_confirmation",
        "disconnect_before_call_processing",
        "action_interval_exceeded",
    ),
    "cancelled": ("another_operator_answer", "operator_disconnects", "transfer_disconnects"),
    "wrong_number": ("subscriber_number_problems", "numb_not_exists", "incorrect_input"),
    "no_money": ("no_money", "not_enough_money", "limit_exceeded"),
    "unavailable": (
        "operator_number_problems",
        "sip_offline",
        "fmc_is_locked",
        "fmc_is_disabled",
        "employee_inactive",
        "employee_inactive_by_schedule",
        "group_inactive_by_schedule",
        "employee_phone_inactive",
        "employee_phone_inactive_by_schedule",
    ),
}
_BY_REASON = {reason: outcome for outcome, reasons in _OUTCOMES.items() for reason in reasons}


def outcome_of(record: Record, reason: str | None = None) -> str:
    """How a call ended in which nobody talked; `reason`: that of a leg, else of the call."""
    if record.get("voice_mail_records"):
        return VOICEMAIL
    return _BY_REASON.get(reason or text_of(record, "finish_reason"), "other")
