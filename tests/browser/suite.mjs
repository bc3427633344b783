// A row of sentences, each with what proves it. One line a test, one closing line.
import { availableParallelism } from "node:os";

const tests = [];
/** A proof that takes longer than this hangs. */
const longest = 240_000;

/**
 * @typedef {object} Terms What a proof asks for.
 * @property {string} [needs] What the service must offer, such as `freeze`; without a service the test is not run, and said so.
 * @property {boolean} [alone] It measures time or work, so nothing else runs beside it.
 * @property {string} [group] Tests of one group run one after another, in their order: they share a ward.
 */

/** @param {string} sentence @param {(tools: object) => Promise<void>} proof @param {Terms} [terms] */
export function test(sentence, proof, terms = {}) {
  tests.push({ sentence, proof, terms });
}

/**
 * Runs what measures first and alone, then the rest in lanes: most of a browser test is waiting. `kit` gives each test its
 * own tools, cleared away when it ends. True where everything passed and nothing was left out.
 */
export async function run(kit, only) {
  const seen = { passed: 0, failed: [], left: 0, kit };
  const chosen = tests.filter(({ sentence }) => !only || sentence.includes(only));
  for (const one of chosen.filter(({ terms }) => terms.alone)) await prove(one, seen);
  const rows = inRows(chosen.filter(({ terms }) => !terms.alone));
  const lanes = Number(process.env.LANES ?? Math.max(2, Math.min(4, availableParallelism() + 1)));
  const work = async () => {
    for (let row = rows.shift(); row; row = rows.shift()) for (const one of row) await prove(one, seen);
  };
  await Promise.all(Array.from({ length: lanes }, work));
  await again(seen);
  console.log(`${seen.passed} passed, ${seen.failed.length} failed, ${seen.left} not run`);
  for (const { sentence } of seen.failed) console.log(`FAILED  ${sentence}`);
  return seen.failed.length === 0 && seen.left === 0;
}

/**
 * Some sentences hold a page to seconds, and a machine whose cores others take cannot keep them. So what failed is proved
 * twice more with nothing beside it, and said so; what fails then is a fault.
 */
async function again(seen) {
  for (let attempt = 2; attempt <= 3; attempt += 1)
    for (const one of seen.failed.splice(0)) {
      console.log(`AGAIN   ${one.sentence}`);
      await prove(one, seen);
    }
}

/** A row a group, a row each for all others; groups first, because they take longest. */
function inRows(list) {
  const groups = new Map();
  for (const one of list) if (one.terms.group) groups.set(one.terms.group, [...(groups.get(one.terms.group) ?? []), one]);
  return [...groups.values(), ...list.filter(({ terms }) => !terms.group).map((one) => [one])];
}

async function prove(one, seen) {
  const { sentence, proof, terms } = one;
  const tools = seen.kit();
  if (terms.needs && !tools.service?.[terms.needs]) {
    seen.left += 1;
    console.log(`NOT RUN ${sentence}: needs a service started here, see STORMWATCH_BIN`);
    return;
  }
  const started = performance.now();
  try {
    await within(proof(tools), longest);
    seen.passed += 1;
    console.log(`ok      ${sentence} (${Math.round(performance.now() - started)} ms)`);
  } catch (reason) {
    seen.failed.push(one);
    console.log(`FAILED  ${sentence}\n        ${String(reason?.stack ?? reason).split("\n").slice(0, 12).join("\n        ")}`);
  } finally {
    // What does not let itself be cleared away is told, and holds up nobody.
    await within(tools.sweep(), 30_000).catch((reason) => console.log(`        after ${sentence}: clearing away: ${reason.message}`));
  }
}

function within(promise, milliseconds) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${milliseconds / 1000} s`)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Asks again until it holds; the last answer is in the complaint. */
export async function until(question, what, milliseconds = 30_000) {
  const deadline = performance.now() + milliseconds;
  let answer;
  do {
    answer = await question();
    if (answer) return answer;
    await new Promise((next) => setTimeout(next, 50));
  } while (performance.now() < deadline);
  throw new Error(`${what}: not within ${milliseconds / 1000} s, last answer ${JSON.stringify(answer)}`);
}
