"""Checks that every driver passes."""
