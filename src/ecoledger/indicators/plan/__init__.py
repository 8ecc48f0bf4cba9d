"""From an official plan or summary to proposed targets, tasks and facts with exact spans.

The story, in the order the modules are called: ``reading`` (a file becomes text) → ``folding`` (a line
becomes plain characters that remember their offsets) → ``structure`` (section, plan or summary, year) →
``sentences`` (clauses, brackets, quotation marks) → ``figures`` (numbers with unit and comparator) →
``things`` (what is counted or measured) → ``quantities`` (items with a figure) and ``wording`` (items
without) → ``times`` and ``owners`` (who, until when, for which period) → ``extraction`` (all of it).

What the words are stands in ``words.toml``, which a user may extend with a file of the same form.
"""
