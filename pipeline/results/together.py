"""What belongs together when some pairs do: directly, or over others."""

from collections.abc import Hashable, Iterable
from typing import TypeVar

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
