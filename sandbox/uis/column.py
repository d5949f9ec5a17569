"""The columns of each report: which there are, which come unasked, which sort and filter.

Those of advertising, visits and contacts are empty here, as with an account without these options.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Columns:
    """`unasked`: what comes without `fields`; `more`: what must be asked for."""

    unasked: frozenset[str]
    more: frozenset[str]
    sorts: frozenset[str]
    filters: frozenset[str]

    @property
    def names(self) -> frozenset[str]:
        """All of them."""
        return self.unasked | self.more


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


CALLS = Columns(
    unasked=_set(
        "id start_time finish_time finish_reason direction source is_lost contact_phone_number"
        " communication_id communication_type wait_duration total_wait_duration talk_duration"
        " clean_talk_duration total_duration call_records virtual_phone_number cpn_region_id"
        " cpn_region_name cpn_country_id cpn_country_name wav_call_records full_record_file_link"
    ),
    more=_set(
        "scenario_operations communication_page_url ua_client_id ym_client_id sale_date sale_cost"
        " search_query search_engine referrer_domain referrer entrance_page gclid yclid ymclid"
        " ef_id channel tags last_answered_employee_full_name last_answered_employee_rating"
        " first_answered_employee_full_name last_talked_employee_full_name"
        " first_talked_employee_full_name scenario_name scenario_id site_domain_name site_id"
        " campaign_name campaign_id visit_other_campaign auto_call_campaign_name visitor_id"
        " person_id visitor_type visitor_session_id visits_count visitor_first_campaign_id"
        " visitor_first_campaign_name visitor_city visitor_region visitor_country visitor_device"
        " visitor_custom_properties segments call_api_request_id call_api_external_id contact_id"
        " contact_full_name utm_source utm_medium utm_term utm_content utm_campaign openstat_ad"
        " openstat_campaign openstat_service openstat_source attributes eq_utm_source"
        " eq_utm_medium eq_utm_term eq_utm_content eq_utm_campaign eq_utm_referrer eq_utm_expid"
        " source_id source_name source_new channel_new channel_code ext_id properties"
        " lost_call_processing_duration postprocess_duration voice_mail_records is_transfer"
        " employees last_answered_employee_id first_answered_employee_id last_talked_employee_id"
        " first_talked_employee_id operator_phone_number communication_number"
    ),
    sorts=_set(
        "start_time finish_reason direction source is_lost virtual_phone_number is_transfer"
    ),
    filters=_set("id finish_reason direction source is_lost contact_phone_number is_transfer"),
)
LEGS = Columns(
    unasked=_set(
        "id call_session_id call_records start_time connect_time duration total_duration"
        " finish_reason virtual_phone_number calling_phone_number called_phone_number direction"
        " is_transfered is_operator employee_id is_coach is_failed group_id group_name"
        " wav_call_records employee_rating scenario_id release_cause_code"
        " release_cause_description action_id action_name"
    ),
    more=_set(
        "finish_reason_description employee_full_name employee_phone_number is_talked"
        " scenario_name contact_id contact_full_name contact_phone_number"
    ),
    sorts=_set(
        "start_time call_session_id duration total_duration direction employee_id is_transfered"
    ),
    filters=_set("id call_session_id duration direction employee_id is_coach is_talked group_id"),
)
EMPLOYEES = Columns(
    unasked=_set(
        "id login first_name last_name patronymic full_name status status_id calls_available"
        " allowed_in_call_types in_external_allowed_call_directions"
        " in_internal_allowed_call_directions allowed_out_call_types"
        " out_external_allowed_call_directions out_internal_allowed_call_directions email"
        " call_recording schedule_id schedule_name coach groups phone_numbers extension operator"
    ),
    more=frozenset(),
    sorts=_set("login full_name"),
    filters=_set("id login full_name email"),
)
