"""A .docx as PDF without an office program: the file is read, said in Typst's language, and set by Typst.

``pdf.render`` is the way in; ``features.uncarried`` names what a file holds that the PDF will not show.
"""
