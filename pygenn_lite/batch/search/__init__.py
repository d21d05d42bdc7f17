"""Searches: values that make a measure large or small, or bring measures to targets."""
