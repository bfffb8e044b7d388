"""Where templates of strangers are filled in: they run no code and write no endless texts."""

from typing import Any

from jinja2 import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment


class Sandbox(ImmutableSandboxedEnvironment):
    """Templates of strangers: no code, no endless texts."""

    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Refuse products that are not numbers, and large powers. Raises TemplateError."""
        numbers = isinstance(left, (int, float)) and isinstance(right, (int, float))
        if not numbers or (operator == "**" and max(abs(left), abs(right)) > 1000):
            raise TemplateError(f"{operator} is allowed only for small numbers")
        return super().call_binop(context, operator, left, right)
