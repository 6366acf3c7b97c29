/** Three places for codes, A, B and C, with which a person reckons. */

import { address } from "./images.js";

const NAMES = ["A", "B", "C"];

/** Dispatches "fill" whenever what is in a slot changes. */
export class Slots extends EventTarget {
  #figures;
  #panel;
  #attempts;
  #say;

  /**
   * @param {HTMLElement} root
   * @param {import("./panel.js").Panel} panel
   * @param {import("./attempts.js").Attempts} attempts
   * @param {(text: string) => void} say
   */
  constructor(root, panel, attempts, say) {
    super();
    this.#panel = panel;
    this.#attempts = attempts;
    this.#say = say;
    /** @type {number[][]|null} codes of A, B and C. */
    this.codes = null;
    const template = document.querySelector("#slot");
    this.#figures = NAMES.map((name, k) => {
      const figure = template.content.firstElementChild.cloneNode(true);
      figure.querySelector(".letter").textContent = name;
      const button = figure.querySelector("button");
      button.setAttribute("aria-label", `Keep the current image as ${name}`);
      button.addEventListener("click", () => this.#keep(k));
      return figure;
    });
    root.prepend(...this.#figures);
  }

  /** Takes the first three images of the data, or draws from the prior. */
  async start() {
    const { model } = this.#panel;
    await this.#attempts.run("slots", async () => {
      const has = model.examples.length >= NAMES.length;
      const codes = await Promise.all(
        NAMES.map((_, k) =>
          has ? model.encode(model.examples[k].png) : model.sample(k),
        ),
      );
      await this.#fill(model, codes);
    });
  }

  async #keep(k) {
    const { model, code } = this.#panel;
    const codes = (this.codes ?? NAMES.map(() => code)).with(k, code);
    await this.#attempts.run("slots", () => this.#fill(model, codes));
    this.#say(`Kept as ${NAMES[k]}.`);
  }

  async #fill(model, codes) {
    const pngs = await model.decode(codes);
    if (model !== this.#panel.model) return;
    this.codes = codes;
    this.#figures.forEach((figure, k) => {
      figure.querySelector("img").src = address(pngs[k]);
    });
    this.dispatchEvent(new Event("fill"));
  }
}
