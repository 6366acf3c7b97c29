/** The latent explorer: puts the parts of the page together. */

import { readStates, writeStates } from "./address_bar.js";
import { Server } from "./api.js";
import { Attempts } from "./attempts.js";
import { Comparison } from "./comparison.js";
import { afterQuiet } from "./latest.js";
import { Mixing } from "./mixing.js";
import { Panel } from "./panel.js";
import { Slots } from "./slots.js";
import { NOT_SERVED, Starts } from "./starts.js";
import { Traversal } from "./traversal.js";

const QUIET = 300; // milliseconds; browsers limit changes of the address
const SAID = 5000; // milliseconds that a sentence stays
const part = (name) => document.querySelector(name);

const beSilent = afterQuiet(() => part("#status").replaceChildren(), SAID);

function say(text) {
  part("#status").textContent = text;
  beSilent();
}

function serverOf(page) {
  const folder = new URL(".", page);
  const asked = new URL(page).searchParams.get("server");
  if (asked === null) return new Server(folder, folder);
  const base = `${asked.replace(/\/+$/, "")}/`;
  return /^https?:/.test(base) && URL.canParse(base)
    ? new Server(new URL(base), folder)
    : null;
}

function newPanel(server, attempts, id, label) {
  const template = part("#panel").content.firstElementChild;
  const root = template.cloneNode(true);
  root.id = id;
  root.setAttribute("aria-label", label);
  root.querySelector(".sliders").id = `${id}-sliders`;
  part("#panels").append(root);
  const panel = new Panel(root, server, attempts);
  new Traversal(root.querySelector(".traversal"), panel, attempts);
  return panel;
}

function keepAddress(panel, comparison) {
  const hash = () => writeStates(panel.state, comparison.state);
  const write = afterQuiet(() => {
    if (panel.state) history.replaceState(null, "", hash());
  }, QUIET);
  panel.addEventListener("move", write);
  comparison.addEventListener("change", write);
  part("#copy").addEventListener("click", async () => {
    if (!panel.state) return;
    const link = new URL(hash(), location.href);
    try {
      await navigator.clipboard.writeText(link.href);
      say("The link is copied.");
    } catch {
      history.replaceState(null, "", link);
      say("The link is in the address bar.");
    }
  });
}

function start(server) {
  const attempts = new Attempts(part("#notice"), server);
  const panel = newPanel(server, attempts, "first", "Model");
  const starts = new Starts(part("#starts"), panel, attempts, say);
  const slots = new Slots(part("#slots"), panel, attempts, say);
  new Mixing(part("#mixing"), panel, attempts, slots);
  const comparison = new Comparison(
    part("#compare"),
    part("#linked"),
    panel,
    attempts,
    say,
    () => newPanel(server, attempts, "second", "Second model"),
  );
  keepAddress(panel, comparison);
  const begin = async (state) => {
    const lengths = [undefined, panel.model.numLatents];
    const fits = panel.isOf(state) && lengths.includes(state.code?.length);
    await starts.begin(fits ? state.code : undefined);
    if (!fits) say(NOT_SERVED);
  };
  let wanted = {};
  const follow = () => {
    const { first, second } = readStates(location.hash);
    wanted = first;
    panel.open(first);
    comparison.open(second);
  };
  panel.addEventListener("model", () => {
    document.documentElement.classList.add("ready");
    document.title = `${panel.model.name} · Latent explorer`;
    begin(wanted);
    wanted = {};
  });
  addEventListener("hashchange", follow);
  follow();
}

const server = serverOf(location.href);
if (server) start(server);
else {
  const text = "What the address gives after ?server= is no web server.";
  part("#opening").textContent = text;
}
