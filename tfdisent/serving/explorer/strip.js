/** A row of images, each a button. */

import { address } from "./images.js";

export class Strip {
  #root;
  #frames = [];

  /**
   * @param {HTMLElement} root
   * @param {(k: number) => void} pick is told which frame was pressed.
   */
  constructor(root, pick) {
    this.#root = root;
    this.pick = pick;
  }

  /**
   * @param {string[]} pngs base64.
   * @param {{text: string, name: string}[]} labels the text below each frame,
   *   and what a screen reader says.
   */
  show(pngs, labels) {
    // The same buttons, so that none loses the focus.
    while (this.#frames.length > pngs.length) this.#frames.pop().button.remove();
    while (this.#frames.length < pngs.length) this.#add();
    this.#frames.forEach((frame, k) => {
      frame.image.src = address(pngs[k]);
      frame.text.textContent = labels[k].text;
      frame.button.setAttribute("aria-label", labels[k].name);
    });
  }

  /** @param {number} k of the frame where the code is; -1 for none. */
  mark(k) {
    this.#frames.forEach(({ button }, other) =>
      button.setAttribute("aria-pressed", other === k),
    );
  }

  #add() {
    const k = this.#frames.length;
    const button = document.createElement("button");
    const image = document.createElement("img");
    const text = document.createElement("span");
    Object.assign(button, { type: "button", className: "frame" });
    image.alt = "";
    button.append(image, text);
    button.addEventListener("click", () => this.pick(k));
    this.#root.append(button);
    this.#frames.push({ button, image, text });
  }
}

/**
 * @param {number[]} values
 * @param {number} value
 * @returns {number} which of them is the nearest.
 */
export function nearest(values, value) {
  const distances = values.map((other) => Math.abs(other - value));
  return distances.indexOf(Math.min(...distances));
}
