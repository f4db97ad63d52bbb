import pytest

from shared.domain.mailbox import ListedCalendar
from shared.worker.events.owned_calendars import owned_calendars


def calendar(
    name: str, owner: str = "ada@contoso.com", *, default: bool = False, edit: bool = True
) -> ListedCalendar:
    return ListedCalendar(id=name, is_default=default, can_edit=edit, owner=owner)


DEFAULT = calendar("default", default=True)


@pytest.mark.parametrize(
    ("listed", "owned"),
    [
        pytest.param(
            [DEFAULT, calendar("project"), calendar("team")], ("project", "team"), id="own calendars"
        ),
        pytest.param([calendar("project"), DEFAULT], ("project",), id="the default one is not the first"),
        pytest.param([DEFAULT, calendar("ben", "ben@contoso.com")], (), id="shared in, and may be edited"),
        pytest.param([DEFAULT, calendar("sales", "sales@contoso.com")], (), id="a group's"),
        pytest.param([DEFAULT, calendar("birthdays", edit=False)], (), id="birthdays and holidays"),
        pytest.param([DEFAULT, calendar("odd", "")], (), id="without an owner"),
        pytest.param([calendar("default", "", default=True), calendar("odd", "")], (), id="no owners at all"),
        pytest.param([calendar("project")], (), id="no default calendar"),
        pytest.param(
            [DEFAULT, calendar("other", "ben@contoso.com", default=True), calendar("project")],
            (),
            id="two default calendars of two owners",
        ),
        pytest.param([DEFAULT, calendar("project"), calendar("project")], ("project",), id="listed twice"),
        pytest.param([], (), id="an empty list"),
    ],
)
def test_a_mailbox_owns_what_has_the_owner_of_its_default_calendar(
    listed: list[ListedCalendar], owned: tuple[str, ...]
) -> None:
    """And may edit it."""
    assert owned_calendars(listed) == owned
