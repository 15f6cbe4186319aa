"""The page of the example, with a session that gets to the stage that is named."""

import asyncio
import os
import sys

from peers.examples import example
from screens.stages import play, staged

stage = sys.argv[1]
module = example("nicegui_page")
tasks = set()


def new_session(_: object) -> object:
    session, agent = staged(stage)
    tasks.add(asyncio.get_running_loop().create_task(play(stage, session, agent)))
    return session


module.Session = new_session
module.page.run(port=int(os.environ["PORT"]), show=False, reload=False, dark=None)
