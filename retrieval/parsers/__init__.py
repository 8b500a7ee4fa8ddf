"""Bytes become text and blocks, in a process of their own. Knows nothing about files on a disk."""

from retrieval.parsers.base import CAPTION, Block, UnreadableError
from retrieval.parsers.formats import FORMATS, parse
from retrieval.parsers.markup.text import text_blocks
from retrieval.parsers.sandbox import Sandbox, shared

__all__ = ["CAPTION", "FORMATS", "Block", "Sandbox", "UnreadableError", "parse", "shared", "text_blocks"]
