"""The calls about users, groups and domains, as Graph's documentation requires them."""

import pytest

from shared.graph.protocol import directory_calls
from shared.graph.protocol.call import GraphCall

GROUP = "5f0c9a4e-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("call", "path", "params"),
    [
        pytest.param(directory_calls.list_users(), "/users", {"$top": "999"}, id="users"),
        pytest.param(directory_calls.list_mail_groups(), "/groups", {"$filter": "mailEnabled eq true"}, id="groups"),
        pytest.param(directory_calls.read_group(GROUP), f"/groups/{GROUP}", {"$select": "id,mail,proxyAddresses"}, id="a group"),
        pytest.param(directory_calls.read_user("ada@contoso.com"), "/users/ada%40contoso.com", {}, id="a user by name"),
        pytest.param(directory_calls.read_verified_domains(), "/organization", {"$select": "id,verifiedDomains"}, id="domains"),
        pytest.param(directory_calls.read_mailbox_purpose("m"), "/users/m/mailboxSettings", {"$select": "userPurpose"}, id="the purpose of a mailbox"),
        pytest.param(directory_calls.find_users_by_mail("o'neil@contoso.com"), "/users", {"$filter": "mail eq 'o''neil@contoso.com'"}, id="a quote in an address"),
        pytest.param(directory_calls.find_groups_by_mail("o'neil@contoso.com"), "/groups", {"$filter": "mail eq 'o''neil@contoso.com'"}, id="a group by address"),
    ],
)  # fmt: skip
def test_a_call_reads_what_its_name_says(call: GraphCall, path: str, params: dict[str, str]) -> None:
    """No call writes."""
    assert (call.method, call.path) == ("GET", path)
    assert params.items() <= call.params.items()


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(directory_calls.read_group_members(GROUP), id="members"),
        pytest.param(directory_calls.list_group_users(GROUP), id="users of a group"),
        pytest.param(directory_calls.find_users_by_alias("a@contoso.com"), id="users by alias"),
    ],
)
def test_an_advanced_query_has_a_count_and_eventual_consistency(call: GraphCall) -> None:
    """Graph refuses it without either (https://learn.microsoft.com/graph/aad-advanced-queries)."""
    assert call.params["$count"] == "true"
    assert call.headers["ConsistencyLevel"] == "eventual"
