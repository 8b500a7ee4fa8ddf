"""Rows, messages and cues: tables, mail, subtitles."""
