/** The image of the code, in model's pixels that the page's style enlarges. */

import { pngFile } from "./images.js";

export class Picture {
  #canvas;
  #context;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { alpha: false });
    this.png = null;
  }

  /**
   * Takes the images of another model.
   *
   * @param {{height: number, width: number}} size of its images.
   */
  begin({ height, width }) {
    const canvas = this.#canvas;
    this.png = null;
    // The image of a model of the same size stays until the next one is there.
    if (canvas.width === width && canvas.height === height) return;
    Object.assign(canvas, { height, width });
    canvas.style.aspectRatio = `${width} / ${height}`;
  }

  /** @param {string} png base64, of that size. */
  async show(png) {
    const bitmap = await createImageBitmap(pngFile(png));
    this.#context.drawImage(bitmap, 0, 0);
    bitmap.close();
    this.png = png;
  }
}
