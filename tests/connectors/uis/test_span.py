"""The client's talk is shared among employees, and no second is counted twice."""

from hypothesis import given
from hypothesis import strategies as st

from connectors.uis.span import Span, share
from store.fact import TalkQuality

FIRST = Span(0, 10, 100)


def test_a_blind_transfer_s_legs_are_their_talks() -> None:
    shares = share([FIRST, Span(100, 110, 200)], 180)
    assert (shares.talks, shares.holds, shares.quality) == ([90, 90], [0, 0], TalkQuality.EXACT)


def test_while_a_colleague_is_asked_nobody_talks_with_the_client() -> None:
    """The second is rung at 70 and picked up at 80; the first hangs up at 100."""
    shares = share([FIRST, Span(70, 80, 200)], 60 + 100)
    assert (shares.talks, shares.holds, shares.quality) == ([60, 100], [30, 0], TalkQuality.EXACT)


def test_a_client_who_hears_the_colleague_ring_talks_until_they_pick_up() -> None:
    shares = share([FIRST, Span(70, 80, 200)], 70 + 100)
    assert (shares.talks, shares.holds) == ([70, 100], [20, 0])


def test_a_colleague_who_is_only_asked_talks_with_no_client() -> None:
    shares = share([Span(0, 10, 300), Span(100, 110, 150)], 240)
    assert (shares.talks, shares.holds, shares.quality) == ([240, 0], [50, 0], TalkQuality.EXACT)


def test_two_may_be_asked_before_one_takes_the_call() -> None:
    spans = [Span(0, 10, 300), Span(100, 110, 150), Span(200, 210, 500)]
    shares = share(spans, 90 + 50 + 200)
    assert (shares.talks, shares.quality) == ([140, 0, 200], TalkQuality.EXACT)


def test_a_second_more_or_less_is_rounding() -> None:
    assert share([FIRST, Span(100, 110, 200)], 179).quality is TalkQuality.EXACT
    assert share([FIRST, Span(100, 110, 200)], 177).quality is TalkQuality.UPPER_BOUND
    assert share([FIRST, Span(100, 110, 200)], 183).quality is TalkQuality.REPORTED


def test_a_conference_is_what_the_vendor_counts_or_an_upper_bound() -> None:
    together = [Span(0, 10, 100), Span(0, 20, 100)]
    assert share(together, 170).talks == [90, 80]
    assert share(together, 90).quality is not TalkQuality.EXACT


WHOLE = st.lists(
    st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(1, 90)), min_size=2, max_size=5
)


@given(WHOLE, st.integers(0, 400))
def test_talks_are_never_negative_and_never_overlap(
    drawn: list[tuple[int, int, int]], clean_s: int
) -> None:
    spans = sorted(
        (Span(begins, begins + ring, begins + ring + talk) for begins, ring, talk in drawn),
        key=lambda span: (span.picked_up, span.ends),
    )
    shares = share(spans, clean_s)
    assert len(shares.talks) == len(shares.holds) == len(spans)
    assert all(each >= 0 for each in (*shares.talks, *shares.holds))
    whole = sum(span.whole_s for span in spans)
    if sum(shares.talks) != whole:
        covered = {second for span in spans for second in range(span.picked_up, span.ends)}
        assert sum(shares.talks) <= len(covered)
        assert all(one <= span.whole_s for one, span in zip(shares.talks, spans, strict=True))
