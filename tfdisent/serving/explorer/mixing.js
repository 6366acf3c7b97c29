/** Interpolation between two codes, and A - B + C. */

import { address } from "./images.js";
import { nearest, Strip } from "./strip.js";

const COUNT = 11;
const SHARES = Array.from({ length: COUNT }, (_, k) => k / (COUNT - 1));

/**
 * @param {number[]} a
 * @param {number[]} b
 * @param {number} t in [0, 1].
 * @returns {number[]} a at 0, b at 1, on the straight line between them.
 */
export function between(a, b, t) {
  return a.map((x, d) => (1 - t) * x + t * b[d]);
}

/** @returns {number[]} a - b + c, for each latent. */
export function analogy(a, b, c) {
  return a.map((x, d) => x - b[d] + c[d]);
}

export class Mixing {
  #root;
  #panel;
  #attempts;
  #slots;
  #strip;
  #slider;

  /**
   * @param {HTMLDetailsElement} root
   * @param {import("./panel.js").Panel} panel
   * @param {import("./attempts.js").Attempts} attempts
   * @param {import("./slots.js").Slots} slots
   */
  constructor(root, panel, attempts, slots) {
    this.#root = root;
    this.#panel = panel;
    this.#attempts = attempts;
    this.#slots = slots;
    this.#slider = root.querySelector(".share");
    this.#strip = new Strip(root.querySelector(".strip"), (k) =>
      this.#go(SHARES[k]),
    );
    this.#slider.addEventListener("input", () =>
      this.#go(Number(this.#slider.value)),
    );
    root.querySelector(".result button").addEventListener("click", () =>
      panel.move(analogy(...slots.codes)),
    );
    slots.addEventListener("fill", () => this.#draw());
    const start = () => root.open && slots.start();
    root.addEventListener("toggle", () => slots.codes ?? start());
    panel.addEventListener("model", () => {
      slots.codes = null;
      root.querySelector("fieldset").disabled = true;
      start();
    });
  }

  #go(t) {
    const [a, b] = this.#slots.codes;
    this.#mark(t);
    this.#panel.move(between(a, b, t));
  }

  #mark(t) {
    const text = `${Math.round(100 * t)} %`;
    this.#slider.value = t;
    this.#slider.style.setProperty("--to", t);
    this.#slider.setAttribute("aria-valuetext", `${text} of the way from A to B`);
    this.#root.querySelector(".share-value").textContent = text;
    this.#strip.mark(nearest(SHARES, t));
  }

  async #draw() {
    const { model } = this.#panel;
    const [a, b, c] = this.#slots.codes;
    const codes = SHARES.map((t) => between(a, b, t));
    await this.#attempts.run("mixing", async () => {
      const pngs = await model.decode([...codes, analogy(a, b, c)]);
      if (model !== this.#panel.model) return;
      this.#root.querySelector(".result img").src = address(pngs.pop());
      const labels = SHARES.map((t) => `${Math.round(100 * t)} %`);
      this.#strip.show(
        pngs,
        labels.map((text) => ({ text, name: `${text} from A to B` })),
      );
      this.#strip.mark(-1);
      this.#root.querySelector("fieldset").disabled = false;
    });
  }
}
