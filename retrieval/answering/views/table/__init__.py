"""Tables: the rows that decide a question, by what it asks of their numbers, days and cells."""

from retrieval.answering.views.table.deciding import deciding
from retrieval.answering.views.table.rows import is_row, same_table

__all__ = ["deciding", "is_row", "same_table"]
