"""What no command is given: an argument or an option that is empty, as a shell variable is that was not set.

As a path it would be the folder the user stands in.
"""

from typing import Any

import typer
from typer.core import TyperGroup


class Commands(TyperGroup):
    """Commands that refuse an empty value, by name, before they begin."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        if command and not ctx.resilient_parsing:
            _refuse_empty(type(ctx)(command, info_name=name, parent=ctx), rest)
        return name, command, rest


def _refuse_empty(context: Any, arguments: list[str]) -> None:
    given, _, _ = context.command.make_parser(context).parse_args(list(arguments))
    for parameter in context.command.params:
        value = given.get(parameter.name)
        if value == "" or (isinstance(value, list | tuple) and "" in value):
            raise typer.BadParameter(
                f"found '', as of a shell variable that is not set; give it a value: {parameter.help}",
                context,
                parameter,
            )
