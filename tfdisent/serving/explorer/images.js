/** Pictures between files, base64 and pixels. */

/**
 * @param {string} png base64.
 * @returns {string} an address for an <img>.
 */
export function address(png) {
  return `data:image/png;base64,${png}`;
}

/**
 * @param {string} png base64.
 * @returns {Blob} the file.
 */
export function pngFile(png) {
  const bytes = Uint8Array.from(atob(png), (text) => text.charCodeAt(0));
  return new Blob([bytes], { type: "image/png" });
}

/**
 * Cuts the middle of a picture to a shape and scales it.
 *
 * @param {Blob} file of any kind that the browser reads.
 * @param {{height: number, width: number}} size in pixels.
 * @returns {Promise<string>} an RGB PNG of that size, in base64.
 */
export async function fitted(file, { height, width }) {
  const whole = await createImageBitmap(file);
  const scale = Math.max(width / whole.width, height / whole.height);
  const [w, h] = [width, height].map((long) => Math.round(long / scale));
  const [x, y] = [(whole.width - w) / 2, (whole.height - h) / 2];
  const part = await createImageBitmap(
    ...[whole, Math.round(x), Math.round(y), w, h],
    { resizeWidth: width, resizeHeight: height, resizeQuality: "high" },
  );
  const made = await drawn(part, { height, width });
  const bytes = new Uint8Array(await made.arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/**
 * @param {string} png base64.
 * @param {{height: number, width: number}} size in pixels.
 * @returns {Promise<Blob>} a larger PNG, each pixel a square.
 */
export async function enlarged(png, size) {
  return drawn(await createImageBitmap(pngFile(png)), size);
}

function drawn(bitmap, { height, width }) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { alpha: false });
  context.imageSmoothingEnabled = false;
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return canvas.convertToBlob({ type: "image/png" });
}

/** Gives a file to the person. */
export function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
