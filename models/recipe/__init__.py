"""The recipe of the bundled mini models: problems, tokenizer, training, evaluation, export, cards.

`python -m models.recipe` makes everything in `models/mini-teacher`, `models/mini-student` and
`resources/tasks` from a seed and nothing else. See the model cards for what comes out.
"""
