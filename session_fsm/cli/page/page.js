"use strict";

const lit = new Map();
const player = document.getElementById("player");
const status = document.getElementById("status");
const position = document.getElementById("position");
const playing = player.querySelector('[data-do="play"]');
let replay = null;

// Pictures shrink with the window as long as they can be read, and are scrolled from there on.
for (const svg of document.querySelectorAll(".scroll svg")) {
  svg.style.minWidth = `${svg.width.baseVal.value * 0.75}px`;
}

function light(marks) {
  for (const [id, mark] of lit) {
    if (marks[id] !== mark) {
      document.getElementById(id)?.classList.remove(mark);
      lit.delete(id);
    }
  }
  for (const [id, mark] of Object.entries(marks)) {
    const element = document.getElementById(id);
    if (element === null || lit.get(id) === mark) continue;
    element.classList.add(mark);
    lit.set(id, mark);
    if (mark === "current") reveal(element);
  }
}

// A chart that is wider than the window shows the part where the current state is.
function reveal(node) {
  const frame = node.closest(".scroll");
  if (frame.scrollWidth <= frame.clientWidth) return;
  const box = node.getBoundingClientRect();
  const left = frame.getBoundingClientRect().left;
  frame.scrollBy({ left: box.left + box.width / 2 - left - frame.clientWidth / 2 });
}

function say(words, bad = false) {
  status.textContent = words;
  status.classList.toggle("bad", bad);
}

function row(cells) {
  const line = document.createElement("tr");
  for (const cell of cells) {
    line.insertCell().textContent = cell;
    line.append(" ");
  }
  return line;
}

function show(told) {
  light(told.marks);
  for (const chart of document.querySelectorAll("[data-chart]")) {
    const state = told.states[chart.dataset.chart];
    chart.querySelector("h2 output").textContent = state;
    chart.querySelector(".scroll").ariaLabel = `State chart: ${chart.dataset.chart}, now ${state}`;
  }
  document.getElementById("moves").replaceChildren(...told.moves.map(row));
  replay = told.player;
  if (replay !== null) showPlayer();
  if (replay?.error) say(replay.error, true);
  else if (told.failure) say(told.failure, true);
  else say(replay === null ? "live" : "a recording");
}

function showPlayer() {
  player.hidden = false;
  playing.firstElementChild.textContent = replay.playing ? "Pause" : "Play";
  position.max = replay.duration;
  if (document.activeElement !== position || replay.playing) position.value = replay.position;
  document.getElementById("time").textContent =
    `${replay.position.toFixed(1)} / ${replay.duration.toFixed(1)} s`;
}

async function command(name, seconds) {
  const body = JSON.stringify({ do: name, seconds });
  const headers = { "Content-Type": "application/json" };
  try {
    const answer = await fetch("command", { method: "POST", headers, body });
    if (answer.ok) show(await answer.json());
    else say(await answer.text(), true);
  } catch {
    say("session-fsm does not answer", true);
  }
}

function press(button) {
  const name = button.dataset.do;
  command(name === "play" && replay?.playing ? "pause" : name);
}

player.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) press(button);
});
position.addEventListener("input", () => {
  const seconds = position.valueAsNumber;
  // What happened at the very beginning has not happened yet at the left end.
  if (seconds > 0) command("seek", seconds);
  else command("rewind");
});

document.addEventListener("keydown", (event) => {
  if (replay === null || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.closest("input, summary, .scroll")) return;
  if (event.key === " " && event.target.closest("button")) return;
  const found = { " ": "play", ArrowLeft: "back", ArrowRight: "step", Home: "rewind" }[event.key];
  if (found === undefined) return;
  event.preventDefault();
  press(player.querySelector(`[data-do="${found}"]`));
});

const events = new EventSource("events");
events.onmessage = (event) => show(JSON.parse(event.data));
events.onerror = () => say("session-fsm has ended; this is what was seen last", true);
