"""行政处罚案件 (mechanism E4): a penalty case from its clue to its archive, by the procedure of 部令第30号.

``models`` what a case knows; ``duties`` what the law asks before a step; ``workflow`` the steps and clocks;
``money`` what is paid and added; ``statistics`` the figures; ``register`` the book.
"""
