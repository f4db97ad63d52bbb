"""`mailboxes`: which mailboxes are in scope."""

from typing import Literal

from shared.domain.ids import GUID
from shared.domain.mailbox import Kinds, MailboxKind
from shared.rule_files.files.values import all_or_none, choice_reader
from shared.rule_files.reading.node_reader import NodeReader
from shared.rule_files.reading.wording import describe
from shared.rule_files.vocabulary.addresses import ADDRESS, is_address, meant_by
from shared.rule_files.vocabulary.json_schema import Shape, one_of, one_or_more
from shared.rule_files.vocabulary.keys import Block, Key
from shared.rule_files.vocabulary.people import GROUP_ID, how_to_find_id, read_guid
from shared.rule_files.yaml_tree.nodes import Node, ScalarNode
from shared.rules.mailbox_scope import (
    ALL,
    AllMailboxes,
    GroupSelector,
    MailboxScope,
    MailboxSelector,
    UserSelector,
)


def read_mailboxes(node: Node, reader: NodeReader, what: str) -> MailboxScope | None:
    """Return the mailboxes in scope."""
    if isinstance(node, ScalarNode) and node.text == "all":
        reader.problem(node, f"{what} needs a key: write {{include: all}}")
        return None
    values = MAILBOXES.read(node, reader, what)
    if values is None:
        return None
    mailboxes = MailboxScope(**values)
    included = () if mailboxes.include is ALL else mailboxes.include
    for both in sorted(set(included) & set(mailboxes.exclude), key=str):
        name = both.id if isinstance(both, GroupSelector) else both.name
        reader.warning(node, f"{what}: {name} is both included and excluded, so it is excluded")
    return mailboxes


def _read_include(
    node: Node, reader: NodeReader, what: str
) -> tuple[MailboxSelector, ...] | Literal[AllMailboxes.ALL] | None:
    if isinstance(node, ScalarNode) and node.text == "all":
        return ALL
    return _read_selectors(node, reader, what)


def _read_selectors(node: Node, reader: NodeReader, what: str) -> tuple[MailboxSelector, ...] | None:
    if isinstance(node, ScalarNode) and is_address(node.text):
        needs = f"{what} needs a list, but this is {describe(node)}"
        reader.problem(node, f"{needs}; write [{{user: {node.text.strip()}}}]")
        return None
    read = [_read_selector(item, reader, what) for item in reader.items(node, what) or ()]
    selectors = tuple(selector for selector in read if selector is not None)
    return selectors if len(selectors) == len(read) else None


def _read_selector(node: Node, reader: NodeReader, what: str) -> MailboxSelector | None:
    if isinstance(node, ScalarNode) and node.text.strip():
        name = node.text.strip()
        hint = f"; write {{{'group' if GUID.fullmatch(name) else 'user'}: {name}}}"
        if name == "all":
            hint = "; write all without a list"
        elif not GUID.fullmatch(name) and not is_address(name):
            hint = meant_by(name) or f"; for a group, write {{group: …}}{how_to_find_id(name)}"
        example = "{user: ceo@contoso.com}"
        reader.problem(node, f"{what} needs items such as {example}, but this is {describe(node)}{hint}")
        return None
    values = SELECTOR.read(node, reader, what)
    if values is None:
        return None
    if len(values) > 1:
        reader.problem(node, f"an item of {what} is one group or one user; split this item")
        return None
    selector: MailboxSelector = next(iter(values.values()))
    return selector


def _read_kinds(node: Node, reader: NodeReader, what: str) -> Kinds | None:
    kinds = all_or_none(_read_kind(item, reader, what) for item in reader.one_or_more(node, what) or ())
    return None if kinds is None else frozenset(kinds)


def _read_group(node: Node, reader: NodeReader, what: str) -> GroupSelector | None:
    guid = read_guid(node, reader, what, "group")
    return None if guid is None else GroupSelector(guid)


def _read_user(node: Node, reader: NodeReader, what: str) -> UserSelector | None:
    name = node.text.strip().lower() if isinstance(node, ScalarNode) else ""
    if GUID.fullmatch(name) or is_address(name):
        return UserSelector(name)
    needs = f"{what} needs an address or an object id, but this is {describe(node)}"
    reader.problem(node, needs + meant_by(name))
    return None


SELECTOR = Block(
    place="in an item of mailboxes: include or exclude",
    least=1,
    keys=(
        Key(
            "group",
            "The members of a group, by its object id; members of nested groups, too.",
            GROUP_ID,
            "5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e",
            _read_group,
            synonyms="groups",
        ),
        Key(
            "user",
            "One mailbox, by its address or object id.",
            {"anyOf": [ADDRESS, GROUP_ID]},
            "ceo@contoso.com",
            _read_user,
            synonyms="email address mail upn",
        ),
    ),
)
_KINDS: Shape = one_or_more(
    one_of(
        {
            MailboxKind.USER.value: "people's mailboxes",
            MailboxKind.SHARED.value: "shared mailboxes, whose accounts are usually disabled",
        }
    )
)
_read_kind = choice_reader({kind.value: kind for kind in MailboxKind})
_SELECTORS: Shape = {
    "type": "array",
    "items": {"anyOf": [Block(keys=(key,)).shape | {"required": [key.name]} for key in SELECTOR.keys]},
    "minItems": 1,
}
_ALL: Shape = {"const": "all", "errorMessage": "Needs all, or a list such as [{user: ceo@contoso.com}]."}
MAILBOXES = Block(
    place="under mailboxes",
    least=1,
    keys=(
        Key(
            "include",
            "`all`, or a list of groups and users.",
            {"anyOf": [_ALL, _SELECTORS]},
            "[{user: ceo@contoso.com}]",
            _read_include,
            default="all",
            block=SELECTOR,
        ),
        Key(
            "exclude",
            "Groups and users that are not in scope.",
            _SELECTORS,
            "[{user: boardroom@contoso.com}]",
            _read_selectors,
            if_left_out="none",
            block=SELECTOR,
        ),
        Key(
            "kinds",
            "Kinds of mailboxes that `all` and groups include: [more](mailboxes.md#shared-mailboxes).",
            _KINDS,
            "[user, shared]",
            _read_kinds,
            default="[user]",
            synonyms="kind purpose purposes",
        ),
    ),
)
