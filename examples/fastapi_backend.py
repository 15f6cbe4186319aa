"""A FastAPI back end: every visitor of the page talks with an agent of their own.

    pip install session-fsm fastapi uvicorn websockets
    uvicorn fastapi_backend:app --timeout-graceful-shutdown 5

LIVEKIT_URL, LIVEKIT_API_KEY, LIVEKIT_API_SECRET and AGENT_NAME say which agent on which server it
is; without them it is one in this process, which echoes.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from session_fsm import Session, TokenSource
from session_fsm.asgi import SessionApp, TokenApp

PAGE = """<!doctype html><meta charset="utf-8"><title>Talk</title>
<p>The agent is <b id="agent"></b>. <button id="start">Start</button> <button id="end">End</button>
<ol id="messages"></ol>
<form><input id="text" autocomplete="off" aria-label="Text"><button>Send</button></form>
<script>
const at = id => document.getElementById(id)
const command = fields => fetch("talk/commands", {method: "POST", body: JSON.stringify(fields),
  headers: {"Content-Type": "application/json"}})
let state = {}, messages = []
new EventSource("talk/events").onmessage = event => {
  const told = JSON.parse(event.data)
  if (told.type === "snapshot") ({snapshot: state, messages} = told)
  if (told.type === "update") Object.assign(state, told.changes)
  for (const one of [...told.added ?? [], ...told.updated ?? []]) messages[one.index] = one
  at("agent").textContent = state.agent.state
  at("messages").replaceChildren(...messages.map(one => Object.assign(
    document.createElement("li"), {textContent: `${one.sender}: ${one.text}`})))
}
at("start").onclick = () => command({command: "start"})
at("end").onclick = () => command({command: "end"})
document.forms[0].onsubmit = event => {
  event.preventDefault()
  command({command: "send", text: at("text").value}).then(() => at("text").value = "")
}
</script>"""

source = TokenSource.from_env() if "LIVEKIT_URL" in os.environ else TokenSource.loopback()
talk = SessionApp(lambda: Session(source, agent_name=os.environ.get("AGENT_NAME")))


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    yield
    await talk.close()  # a mounted application is not told when the server ends


app = FastAPI(lifespan=lifespan)
app.mount("/talk", talk)
app.add_route("/api/token", TokenApp(source))  # for LiveKit's own front ends
app.get("/", response_class=HTMLResponse)(lambda: PAGE)
