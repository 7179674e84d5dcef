"""What belongs together when some pairs do: directly, or over others."""

from collections.abc import Hashable, Iterable, Mapping
from typing import Any, TypeVar

Member = TypeVar("Member", bound=Hashable)


def leaders(members: Iterable[Member], pairs: Iterable[tuple[Member, Member]]) -> dict[Member, Member]:
    """Member → the one that stands for all it is together with, itself if it is alone.

    Of each pair, both of them `members`, the second's leader becomes the first's, too: equal pairs in equal order have
    equal leaders. Disjoint sets: B. A. Galler and M. J. Fischer, 1964, Communications of the ACM 7.
    """
    leader = {member: member for member in members}

    def first(member: Member) -> Member:
        while leader[member] != member:
            leader[member] = leader[leader[member]]
            member = leader[member]
        return member

    for one, other in pairs:
        leader[first(one)] = first(other)
    return {member: first(member) for member in leader}


def groups_joined(group_of: Mapping[str, str], identical: Iterable[Iterable[str]]) -> dict[str, str]:
    """`group_of`, name → group or an empty text, without those; groups that share an image, also over others, are one.

    `identical`: names of images that are the same. The one that was left out of two ties its group to the other's.
    """
    known = {name: group for name, group in group_of.items() if group}
    shared = ([known[name] for name in names if name in known] for names in identical)
    leader = leaders(known.values(), ((groups[0], group) for groups in shared for group in groups[1:]))
    return {name: leader[group] for name, group in known.items()}


def identical_in(report: Mapping[str, Any]) -> list[list[str]]:
    """The names of images that are the same, of those the `report` on a data set has found."""
    found = report.get("duplicates", {}).get("groups", ())
    return [[image["name"] for image in group["images"]] for group in found]
