"""A conversation with an agent in a window of Qt.

pip install 'session-fsm[qt]'
python examples/qt_window.py                                 # with an agent of this process
python examples/qt_window.py https://example.com/api/token   # with a real one
python examples/qt_window.py --thread                        # without an asyncio loop for Qt
"""

import asyncio
import sys

import qasync
from PySide6.QtWidgets import QApplication

from session_fsm import Session, TokenSource
from session_fsm.thread import SessionThread
from session_fsm.ui.qt import AgentSessionView


def make_session(urls: list[str]) -> Session:
    source = TokenSource.endpoint(urls[0]) if urls else TokenSource.loopback()
    return Session(source)


async def on_the_loop_of_the_window(app: QApplication, session: Session) -> None:
    closed = asyncio.Event()
    app.lastWindowClosed.connect(closed.set)
    async with session:
        window = AgentSessionView(session)
        window.show()
        await closed.wait()


def main() -> None:
    arguments = sys.argv[1:]
    session = make_session([one for one in arguments if not one.startswith("--")])
    app = QApplication(sys.argv[:1])
    if "--thread" in arguments:
        with SessionThread(session) as thread:
            window = AgentSessionView(thread)
            window.show()
            app.exec()
    else:
        app.setQuitOnLastWindowClosed(False)  # first the session ends, then the loop
        with qasync.QEventLoop(app) as loop:
            loop.run_until_complete(on_the_loop_of_the_window(app, session))


if __name__ == "__main__":
    main()
