"""Which time zones and currencies exist."""

from zoneinfo import ZoneInfo, available_timezones

from config.value import nearest


def check_timezone(name: str) -> str:
    """`name` if it is an IANA zone; else ValueError with the nearest one."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ValueError("no such time zone" + nearest(name, available_timezones())) from None
    return name


_IN_USE = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP"
    " BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP"
    " GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES"
    " KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU"
    " MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON"
    " RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SYP SZL THB TJS TMT TND TOP"
    " TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"
)
"""ISO 4217's codes that are legal tender somewhere. A library's table of them would stay in the
service's memory, 2 MB for one look at the settings; a test compares them with it."""


def check_currency(code: str) -> str:
    """`code` if ISO 4217 has it in use today; else ValueError with the nearest one."""
    if code not in _IN_USE.split():
        raise ValueError("no such currency in use (ISO 4217)" + nearest(code, _IN_USE.split()))
    return code
