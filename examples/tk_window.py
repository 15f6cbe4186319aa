"""A window by Tk; its session lives in a thread. Run: python examples/tk_window.py [TOKEN_ENDPOINT]

Without the URL of a token endpoint it talks to an agent in this very process.
"""

import sys
import tkinter as tk
from tkinter import ttk

from session_fsm import Session, SessionThread, TokenSource, ui
from stores.tk import bind


class Window(tk.Tk):
    def __init__(self, thread: SessionThread) -> None:
        super().__init__()
        self.title("session_fsm")
        self.submit, session = thread.submit, thread.session
        self.controls = ui.ControlBarModel(session, microphone=None, chat=False)
        self.status = ttk.Label(self, padding=6)
        self.status.pack(fill="x")
        self.rows = tk.Text(self, width=60, height=16, wrap="word", state="disabled")
        self.rows.pack(fill="both", expand=True)
        for name in ("start", "end"):
            button = ttk.Button(
                self, command=lambda name=name: self.submit(self.controls.press(name))
            )
            button.pack(side="right", padx=4, pady=4)
            bind(self.controls.control(name), button, lambda now, one=button: show(one, now))
        self.line = ttk.Entry(self)
        self.line.bind("<Return>", self.send)
        self.line.pack(side="left", fill="x", expand=True, padx=4, pady=4)
        self.line.focus()
        bind(
            ui.StatusModel(session).status, self, lambda now: self.status.config(text=now.sentence)
        )
        bind(ui.TranscriptModel(session).changes, self, self.change, "all")

    def send(self, _: object) -> None:
        self.submit(self.controls.send(self.line.get()))
        self.line.delete(0, "end")

    def change(self, change: ui.TranscriptChange) -> None:
        self.rows.config(state="normal")
        match change:
            case ui.RowsReplaced(rows):
                self.rows.replace("1.0", "end", "".join(map(line_of, rows)))
            case ui.RowInserted(index, row):
                self.rows.insert(f"{index + 1}.0", line_of(row))
            case ui.RowUpdated(index, row):
                self.rows.replace(f"{index + 1}.0", f"{index + 2}.0", line_of(row))
            case ui.RowRemoved(index):
                self.rows.delete(f"{index + 1}.0", f"{index + 2}.0")
        self.rows.config(state="disabled")
        self.rows.see("end")


def line_of(row: ui.TranscriptRow) -> str:
    return f"{row.sender}: {' '.join(row.text.split())} {row.note}\n"


def show(button: ttk.Button, control: ui.Control) -> None:
    button.config(text=control.label, state="normal" if control.is_enabled else "disabled")


if __name__ == "__main__":
    source = TokenSource.endpoint(sys.argv[1]) if sys.argv[1:] else TokenSource.loopback()
    with SessionThread(Session(source)) as thread:
        Window(thread).mainloop()
