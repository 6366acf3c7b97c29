/** The latent explorer: puts the parts of the page together. */

import { readState, writeState } from "./address_bar.js";
import { Server } from "./api.js";
import { Attempts } from "./attempts.js";
import { Comparison } from "./comparison.js";
import { afterQuiet } from "./latest.js";
import { Mixing } from "./mixing.js";
import { Panel } from "./panel.js";
import { Slots } from "./slots.js";
import { Starts } from "./starts.js";
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

function keepAddress(panel) {
  const write = afterQuiet(() => {
    if (!panel.code) return;
    history.replaceState(null, "", writeState(panel.model, panel.code));
  }, QUIET);
  panel.addEventListener("move", write);
  part("#copy").addEventListener("click", async () => {
    if (!panel.code) return;
    const link = new URL(writeState(panel.model, panel.code), location.href);
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
  new Comparison(part("#compare"), part("#linked"), panel, attempts, () =>
    newPanel(server, attempts, "second", "Second model"),
  );
  keepAddress(panel);
  const begin = async ({ name, version, code }) => {
    const { model } = panel;
    const isIt =
      (name ?? model.name) === model.name &&
      (version ?? model.version) === model.version;
    const fits = isIt && [undefined, model.numLatents].includes(code?.length);
    await starts.begin(fits ? code : undefined);
    if (!fits) say("What the link shows is not served here.");
  };
  let wanted = readState(location.hash);
  panel.addEventListener("model", () => {
    document.documentElement.classList.add("ready");
    document.title = `${panel.model.name} · Latent explorer`;
    begin(wanted);
    wanted = {};
  });
  addEventListener("hashchange", () => {
    wanted = readState(location.hash);
    panel.open(wanted);
  });
  panel.open(wanted);
}

const server = serverOf(location.href);
if (server) start(server);
else {
  const text = "What the address gives after ?server= is no web server.";
  part("#opening").textContent = text;
}
