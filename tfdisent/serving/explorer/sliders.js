/** A slider for each latent of a model. */

import { rangeOf, written } from "./latents.js";

/** Dispatches "move" {index, value} and "choose" {index}. */
export class Sliders extends EventTarget {
  #root;
  #rows = new Map();

  /** @param {HTMLElement} root emptied and filled. */
  constructor(root) {
    super();
    this.#root = root;
  }

  /**
   * Makes the sliders of a model.
   *
   * @param {import("./latents.js").Latent[]} latents in this order.
   */
  build(latents) {
    this.#rows.clear();
    const most = Math.max(...latents.map((latent) => latent.kl ?? 0));
    const rows = latents.map((latent) => this.#row(latent, most));
    const open = rows.filter((_, k) => !latents[k].isFolded);
    const folded = rows.filter((_, k) => latents[k].isFolded);
    this.#root.replaceChildren(...open);
    if (folded.length) {
      const details = document.createElement("details");
      const summary = document.createElement("summary");
      const kind = latents[0].kl === null ? "more" : "inactive";
      const noun = folded.length === 1 ? "latent" : "latents";
      summary.textContent = `${folded.length} ${kind} ${noun}`;
      details.append(summary, ...folded);
      this.#root.append(details);
    }
  }

  /**
   * Takes a new start: the ends may grow, and the marks move.
   *
   * @param {number[]} start
   */
  begin(start) {
    for (const row of this.#rows.values()) {
      const value = start[row.latent.index];
      row.start = value;
      const { low, high, step } = rangeOf(row.latent, value);
      Object.assign(row.input, { min: low, max: high, step });
    }
    this.show(start);
  }

  /** @param {number[]} code */
  show(code) {
    for (const row of this.#rows.values()) {
      const value = code[row.latent.index];
      const { input } = row;
      if (value < input.min || value > input.max) {
        const { low, high } = rangeOf(row.latent, value);
        input.min = Math.min(low, input.min);
        input.max = Math.max(high, input.max);
      }
      // What the person holds has this value already, to its step.
      if (Math.abs(input.value - value) > 1e-9) input.value = value;
      this.#write(row, value);
    }
  }

  /** @param {number} index of the latent that the strip shows. */
  choose(index) {
    for (const [key, row] of this.#rows) {
      row.element.classList.toggle("chosen", key === index);
    }
  }

  #row(latent, most) {
    const template = document.querySelector("#slider");
    const element = template.content.firstElementChild.cloneNode(true);
    const part = (name) => element.querySelector(`.${name}`);
    const input = part("range");
    const id = `${this.#root.id}-${latent.name}`;
    input.id = id;
    part("title").htmlFor = id;
    part("title").textContent = latent.title;
    const isNamed = latent.title !== latent.name;
    part("name").textContent = isNamed ? latent.name : "";
    if (latent.kl === null) {
      part("kl").remove();
    } else {
      part("nats").textContent = `KL ${latent.kl.toFixed(2)} nats`;
      part("bar").style.inlineSize = `${(48 * latent.kl) / most}px`;
    }
    const { index } = latent;
    input.addEventListener("input", () =>
      this.#tell("move", { index, value: Number(input.value) }),
    );
    input.addEventListener("focus", () => this.#tell("choose", { index }));
    const row = { latent, element, input, output: part("value"), start: 0 };
    this.#rows.set(index, row);
    return element;
  }

  #write({ latent, input, output, start }, value) {
    const text = written(value);
    output.textContent = text;
    input.setAttribute("aria-valuetext", `${latent.title}, ${text}`);
    const [from, to] = [start, value].map((x) => share(input, x)).sort(
      (a, b) => a - b,
    );
    input.style.setProperty("--start", share(input, start));
    input.style.setProperty("--from", from);
    input.style.setProperty("--to", to);
  }

  #tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}

function share(input, value) {
  return (value - input.min) / (input.max - input.min);
}
