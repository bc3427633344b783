// A row of sentences, each with what proves it. One line a test, one closing line.

const tests = [];

/**
 * `needs` names what the service must offer for the proof, such as `freeze`; without it the test is not run, and said so.
 * @param {string} sentence @param {(tools: object) => Promise<void>} proof @param {string} [needs]
 */
export function test(sentence, proof, needs) {
  tests.push({ sentence, proof, needs });
}

export async function run(tools, only) {
  let passed = 0;
  const failed = [];
  for (const { sentence, proof, needs } of tests) {
    if (only && !sentence.includes(only)) continue;
    if (needs && !tools.service?.[needs]) {
      console.log(`not run ${sentence}: needs a service started here, see STORMWATCH_BIN`);
      continue;
    }
    const started = performance.now();
    try {
      await within(proof(tools), 90_000);
      passed += 1;
      console.log(`ok      ${sentence} (${Math.round(performance.now() - started)} ms)`);
    } catch (reason) {
      failed.push(sentence);
      console.log(`FAILED  ${sentence}\n        ${String(reason?.stack ?? reason).split("\n").slice(0, 12).join("\n        ")}`);
    } finally {
      await tools.sweep();
    }
  }
  console.log(`${passed} passed, ${failed.length} failed`);
  return failed.length === 0;
}

function within(promise, milliseconds) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${milliseconds / 1000} s`)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Asks again until it holds; the last answer is in the complaint. */
export async function until(question, what, milliseconds = 8_000) {
  const deadline = performance.now() + milliseconds;
  let answer;
  do {
    answer = await question();
    if (answer) return answer;
    await new Promise((next) => setTimeout(next, 50));
  } while (performance.now() < deadline);
  throw new Error(`${what}: not within ${milliseconds / 1000} s, last answer ${JSON.stringify(answer)}`);
}
