"""Tables: the rows that decide a question, by what it asks of their numbers, days and cells."""

from retrieval.answering.views.table.deciding import MEASURES, deciding
from retrieval.answering.views.table.rows import is_row, rows_of, same_table

__all__ = ["MEASURES", "deciding", "is_row", "rows_of", "same_table"]
