"""A conversation in the terminal. Run: python examples/textual_chat.py [TOKEN_ENDPOINT]

Without the URL of a token endpoint it talks to an agent in this very process.
"""

import sys

from textual.app import App, ComposeResult
from textual.widgets import Footer

from session_fsm import Session, TokenSource
from session_fsm.ui.textual import AgentSessionView


class Chat(App[None]):
    TITLE = "session_fsm"

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session

    def compose(self) -> ComposeResult:
        yield AgentSessionView(self.session)
        yield Footer()

    async def on_unmount(self) -> None:
        await self.session.close()


if __name__ == "__main__":
    source = TokenSource.endpoint(sys.argv[1]) if sys.argv[1:] else TokenSource.loopback()
    Chat(Session(source)).run()
