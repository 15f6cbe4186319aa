"""From protobuf objects to typed ones. Nothing here loads protobuf: its objects are handed in."""
