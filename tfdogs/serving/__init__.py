"""A trained generator leaves here: a SavedModel, the server beside it, clients and the page."""
