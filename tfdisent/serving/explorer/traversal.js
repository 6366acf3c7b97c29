/** The strip of images along one latent. */

import { afterQuiet, latest } from "./latest.js";
import { valuesOver, written } from "./latents.js";
import { nearest, Strip } from "./strip.js";

const COUNT = 8;
const QUIET = 120; // milliseconds; the large image goes first

export class Traversal {
  #root;
  #frames;
  #panel;
  #attempts;
  #strip;
  #latent = null;
  #values = [];
  #shown = "";

  /**
   * @param {HTMLElement} root
   * @param {import("./panel.js").Panel} panel
   * @param {import("./attempts.js").Attempts} attempts
   */
  constructor(root, panel, attempts) {
    this.#root = root;
    this.#panel = panel;
    this.#attempts = attempts;
    this.#frames = root.querySelector(".strip");
    this.#strip = new Strip(this.#frames, (k) =>
      panel.move(panel.code.with(this.#latent, this.#values[k])),
    );
    const draw = latest(() => this.#draw());
    const later = afterQuiet(draw, QUIET);
    panel.addEventListener("choose", draw);
    panel.addEventListener("move", () => {
      this.#frames.setAttribute("aria-busy", "true");
      this.#mark();
      later();
    });
  }

  async #draw() {
    const { model, code, latent } = this.#panel;
    if (!code) return;
    await this.#attempts.run(`${this.#panel.id} traversal`, () =>
      this.#showAlong(model, code, latent),
    );
    if (code === this.#panel.code) this.#frames.removeAttribute("aria-busy");
  }

  async #showAlong(model, code, index) {
    // A move of this latent alone gives the same images.
    const key = JSON.stringify([
      ...[model.name, model.version, index],
      code.with(index, 0),
    ]);
    if (key === this.#shown) return;
    const latent = model.latents.find((other) => other.index === index);
    const values = valuesOver(latent, COUNT);
    const pngs = await model.traverse(code, index, values);
    if (model !== this.#panel.model) return;
    this.#shown = key;
    this.#latent = index;
    this.#values = values;
    this.#root.querySelector(".title").textContent = latent.title;
    this.#frames.setAttribute("aria-label", `Along ${latent.title}`);
    this.#strip.show(
      pngs,
      values.map((value) => ({
        text: written(value),
        name: `${latent.title}, ${written(value)}`,
      })),
    );
    this.#mark();
  }

  #mark() {
    const value = this.#panel.code[this.#latent];
    this.#strip.mark(nearest(this.#values, value));
  }
}
