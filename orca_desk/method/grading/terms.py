"""Whether a number stands alone or is part of more mathematics, of which it is not the value."""

import re

from orca_desk.method.grading.units import measures

_BEFORE = re.compile(
    r"""(?:
        [\w)\]}]\s?[+/×÷·]\s? | \w\* | \w\s\*\s          # x + 5, x/5, x*5; no "*5*"
      | (?:\d|\b[a-z]|[)\]}])\s?-\s?                      # x - 5; no "Total - 5"
      | [\^±∑∫∏√⌊⌈]\s? | ! | (?:\A|[=:(]\s?)-\s?\(          # 2^5, ±5, !5, -(5)
      | \b(?:sin|cos|tan|cot|sec|csc|log|ln|exp|mod)\s?[({]?\s?
      | \b(?:sqrt|gcd|lcm|max|min|abs|floor|ceil|[a-zA-Z])\(\s?   # f(5)
      | \\(?:[a-zA-Z]+\s?\{ | p?mod\s? | binom) | \}\s?\{
      | (?:\b\d+\s?[abcknpqrtuvwxyz] | \b[a-z]\s?[-+*/^]\s?\d+)\s?=\s?   # 2x = 10, x + 1 = 10
    )\Z""",
    re.VERBOSE,
)
_AFTER = re.compile(
    r"""\s?[+×÷·]\s?(?![.,]|or\b|and\b)[\w(√π\\]          # 5 + x
      | \*(?!\*)[\w(] | \s\*\s[\w(] | \s?\*\*[\w(]        # 5*x, 5**x; no "5** apples"
      | \s?-\s?[\d(√π\\] | -[a-z](?![\w-]) | \s-\s(?![aAI]\b)[a-zA-Z](?![\w'’])   # 5 - x; no "5 - a lot"
      | \s?/\s?(?:[(√π\\]|(?P<under>[a-z])(?!\w))         # 5/x; no "5 km/h", see `is_part`
      | \s?\^ | _\{?\w | \s?(?:±|\+/-)                    # 5^x, 5_8, 5 ± 2
      | \s?[≤≥≠≡∈∝⌋⌉] | (?:\.\.\.?|…)\s?\d | \s[<>]=?\s | [<>]=?\d                  # 5 < x
      | \((?:\d|[a-z][\s+*/^)-])                          # 5(x + 1)
      | \s\((?!i\.e|e\.g|that|since|because|from)         # 5 (x + 1); no "5 (five)"
        (?=[^()=]{0,80}[-+*/^])[^()=]{0,80}?\b[b-hj-z]\b[^()=]{0,80}\)
      | \s?(?:mod|choose)\s?[\d(] | [CP]\d | \}\s?\{ | \s?\\(?:p?mod|binom)
      | \s[xyz]\b(?!['’]) | (?:\s[^\W\d]+){1,2}\s\+\s[\w(]   # five x, 5 apples + tax
      | \s(?:(?:more|less|fewer|greater|higher|lower)\sthan|times)\s(?:[b-hj-z]\b|\d) | \sof\s[b-hj-z]\b
      | \s?[Rr](?:em(?:ainder|\.)?)?\s?\d              # 12 R 3
      | \s(?:squared|cubed|factorial)\b | \sto\sthe\s(?:power\b|\S+\spower\b|\S+th\W*\Z)
      | \s(?:BCE?\b|B\.C\.)
      | \sper\s\d+(?![\d\s-]*[a-z]) | \s\(?base\s         # 5 per 100; no "5 per 2 hours"
    """,
    re.VERBOSE,
)
_LONGEST_BEFORE = 24


def is_part(text: str, start: int, end: int) -> bool:
    """Return whether the number text[start:end] is part of "x + 5", "5/x", "log 5", "6 + 5i", "2x = 5"."""
    after = _AFTER.match(text, end)
    if after and not (after["under"] and measures(after["under"])):
        return True
    return _BEFORE.search(text, max(0, start - _LONGEST_BEFORE), start) is not None
