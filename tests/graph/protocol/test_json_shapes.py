"""What all shapes of Graph's JSON have in common."""

from datetime import UTC, datetime

import pytest

from shared.errors import GraphUnavailable, UnexpectedAnswer
from shared.graph.protocol.json_shapes import (
    Flag,
    ItemId,
    Shape,
    Text,
    page_items,
    parse_moment,
    shape_errors,
)


class _Item(Shape):
    item_id: ItemId
    is_new: Flag = False
    long_name: Text = ""


def test_properties_have_graphs_names_and_null_is_the_default() -> None:
    """Unknown properties are ignored."""
    item = _Item.model_validate({"itemId": "a", "isNew": None, "longName": None, "other": 1})

    assert (item.item_id, item.is_new, item.long_name) == ("a", False, "")


@pytest.mark.parametrize(
    ("data", "place"),
    [
        pytest.param({"itemId": "secret/.."}, "unexpected shape at itemId", id="an id that no path can have"),
        pytest.param({"itemId": "a", "isNew": "secret"}, "unexpected shape at isNew", id="text for true"),
        pytest.param("secret", "unexpected shape at the whole", id="not an object"),
    ],
)
def test_an_error_names_the_place_without_the_value(data: object, place: str) -> None:
    with pytest.raises(UnexpectedAnswer) as raised, shape_errors("read"):
        _Item.model_validate(data)

    assert raised.value.detail == place


def test_a_page_must_have_a_list_of_items() -> None:
    assert page_items({"value": [1, None]}, "list") == [1, None]
    with pytest.raises(GraphUnavailable, match="unexpected shape at value"):
        page_items({"value": {}}, "list")


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        pytest.param("2026-11-24T09:00:00", 9, id="no offset"),
        pytest.param("2026-11-24T09:00:00.1234567Z", 9, id="seven digits"),
        pytest.param("2026-11-24T09:00:00+02:00", 7, id="an offset"),
    ],
)
def test_a_moment_is_read_as_utc(text: str, hour: int) -> None:
    assert parse_moment(text).replace(microsecond=0) == datetime(2026, 11, 24, hour, tzinfo=UTC)
