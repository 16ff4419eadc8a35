// Waiting for something that will be true soon, with an end.
const PAUSE_MS = 25;

/** Asks until the answer is truthy, and returns it; false when `ms` have passed. */
export async function poll(ms, ask) {
  for (let left = Math.ceil(ms / PAUSE_MS); ; left -= 1) {
    const answer = await ask();
    if (answer) return answer;
    if (left <= 0) return false;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
