"""The parts of a .docx: its XML, its numbered lists, the text as it is read."""
