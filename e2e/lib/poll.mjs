// Waiting for something that will be true soon, with an end.
const PAUSE_MS = 25;

/** Asks until the answer is truthy, and returns it; false when `ms` have passed. */
export async function poll(ms, ask) {
  for (const end = performance.now() + ms; ; ) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
