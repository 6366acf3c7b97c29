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

  /** @param {string} png base64. */
  async show(png) {
    const bitmap = await createImageBitmap(pngFile(png));
    const { width, height } = bitmap;
    const canvas = this.#canvas;
    if (canvas.width !== width || canvas.height !== height) {
      Object.assign(canvas, { width, height });
      canvas.style.aspectRatio = `${width} / ${height}`;
    }
    this.#context.drawImage(bitmap, 0, 0);
    bitmap.close();
    this.png = png;
  }
}
