/** The newest state goes next, and what it overtook is never asked for. */

/**
 * @param {() => Promise<void>} task reads the state when it starts.
 * @returns {() => Promise<void>} asks for a run: at most one is under way, and
 *   one more comes after it. Resolves when nothing is left to do.
 */
export function latest(task) {
  let running = null;
  let isStale = false;
  async function run() {
    do {
      isStale = false;
      await task();
    } while (isStale);
  }
  return () => {
    isStale = true;
    running ??= run().finally(() => (running = null));
    return running;
  };
}

/**
 * @param {() => void} task
 * @param {number} milliseconds of quiet before it runs.
 * @returns {() => void} asks for a run.
 */
export function afterQuiet(task, milliseconds) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(task, milliseconds);
  };
}
