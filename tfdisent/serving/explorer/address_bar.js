/** The state that a link carries: a model, its version and a code. */

/**
 * @param {string} hash of an address.
 * @returns {{name?: string, version?: string, code?: number[]}}
 */
export function readState(hash) {
  const fields = new URLSearchParams(hash.replace(/^#/, ""));
  const code = fields.get("code")?.split(",").map(Number);
  return {
    name: fields.get("model") ?? undefined,
    version: fields.get("version") ?? undefined,
    // What float32, in which the server reads it, cannot hold is no code.
    code: code?.every((x) => Number.isFinite(Math.fround(x))) ? code : undefined,
  };
}

/**
 * @param {{name: string, version: string}} model
 * @param {number[]} code
 * @returns {string} a hash.
 */
export function writeState({ name, version }, code) {
  const numbers = code.map((value) => Number(value.toPrecision(6)));
  const fields = new URLSearchParams({ model: name, version });
  // The commas stay, for a reader.
  return `#${fields}&code=${numbers.join(",")}`;
}
