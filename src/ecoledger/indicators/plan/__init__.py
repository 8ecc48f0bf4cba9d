"""From an official plan or summary to proposed targets, tasks and facts with exact spans.

The story, in the order the modules are called: ``reading`` (a file becomes text) → ``folding`` (a line
becomes plain characters that remember their offsets) → ``structure`` (section, plan or summary, year) →
``sentences`` (clauses, brackets, quotation marks) → ``figures`` and ``choosing`` (numbers with unit and
comparator; which of them say something) → ``things`` (what is counted or measured) → ``quantities`` with
``changes`` and ``parts`` (items that carry a figure), ``levels`` and ``actions`` (items without), ``tables``
→ ``times`` and ``owners`` (until when, for which period, by whom) → ``extraction`` (all of it).

What the words are stands in ``words.toml``, which a user may extend with a file of the same form.
"""
