"""Spells a Program in a target language: expressions by a printer, all else by templates."""
