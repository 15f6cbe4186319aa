"""Writes the devices as JSON: what ``watch_devices()`` starts to look anew."""

from __future__ import annotations

import json
import sys
from typing import Any

import attrs

from session_fsm.errors import MediaError
from session_fsm.hardware.listing import devices


def main(kind: Any = None) -> None:
    """Write what there is, or why that cannot be said."""
    try:
        answer: dict[str, Any] = {"devices": [attrs.asdict(one) for one in devices(kind)]}
    except MediaError as error:
        answer = {"failure": str(error), "kind": error.kind}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
