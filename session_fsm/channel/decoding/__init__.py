"""From protobuf objects to the typed ones. Nothing here loads protobuf: objects of it are handed in."""
