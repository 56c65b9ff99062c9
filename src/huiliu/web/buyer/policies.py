"""To be filled."""

handlers = ()
