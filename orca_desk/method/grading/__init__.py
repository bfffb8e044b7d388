"""Grading: does a response's final answer match the reference, and why (not)?

`grade` takes one response through these steps; each is read on its own, and none raises:

1. **What is visible** (`visible`): the response without thoughts, end tokens, and questions that the model
   made up. Markdown, HTML and plain LaTeX are read away by `markup`.
2. **Which text is the answer** (`answers`): what the last announcement leads to ("Answer:", a box, a tag,
   JSON; `announcements` finds them by the words of `labels`). Without one the answer is unmarked, and each
   kind decides how far to trust the first and the last words. `clauses` knows how sentences are built:
   reasons, second thoughts, denials ("not 5"), alternatives ("5 or 6") and what is only called possible.
3. **What the reference is** (`grader.infer_kind`), and the check of that kind:

   - number (`numbers`): `choosing` says which value of a text is its answer; `values` which values there are:
     amounts (`numerals` and `words` read them, `terms` tells parts of an expression, `quantities`, `units`
     and `directions` compare them), `dates`, `clock` times, and `pairs` (ratios, ranges, solutions);
   - math (`mathematics`): `expressions` tells mathematics from text; algebra is asked of a `Comparer`;
   - choice (`choice`): `letters` finds the option that is chosen, `options` those of the question;
   - text and exact (`text`, by `folding`; yes and no by `polar`), ordering (`ordering`), keyed (`key_value`).

4. **The verdict** (`finding`): right or wrong, the piece that was compared, and the reason as a code with its
   data (`reasons`). A response with two different final answers is incorrect even if one of them is correct,
   and what was read only in part never counts as equal by that part.

Nothing here knows about models, tasks or data sets. `rows` grades a file.
"""

from orca_desk.method.grading.grader import KINDS, Verdict, grade, infer_kind
from orca_desk.method.grading.rows import GradedRow, grade_rows

__all__ = ["KINDS", "GradedRow", "Verdict", "grade", "grade_rows", "infer_kind"]
