"""What is kept for each person beside the library: conversations, and a notebook. Nobody sees another's."""

from ui.server.kept.conversations import Conversation, Conversations, person
from ui.server.kept.notebook import Note, Notebook

__all__ = ["Conversation", "Conversations", "Note", "Notebook", "person"]
