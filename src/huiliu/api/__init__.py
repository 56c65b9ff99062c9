"""The JSON API v1: the same actions and reads as the pages, for the platform's own server."""

VERSION = "1.0.0"
