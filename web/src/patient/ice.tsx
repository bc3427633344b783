// The ICE score in ten taps: what the patient could do. Under half a minute, at the bedside, with one thumb.
import { useState } from "preact/hooks";
import type { Key, Speech } from "../words/words.ts";
import { segment, tell } from "../ask.ts";
import { items, tally } from "./score.ts";

const states = ["spontaneous", "voice", "tactile", "unarousable"] as const;
type Consciousness = (typeof states)[number];

export function IceForm({ patient, words }: { patient: string; words: Speech }) {
  const [done, setDone] = useState<ReadonlySet<Key>>(new Set());
  // Nothing tapped is not a score of zero: zero has to be said.
  const [touched, setTouched] = useState(false);
  const [consciousness, setConsciousness] = useState<Consciousness>("spontaneous");
  const [findings, setFindings] = useState<Findings>({});
  const [said, setSaid] = useState<{ text: string; bad: boolean } | null>(null);
  const choose = (next: ReadonlySet<Key>): void => {
    setDone(next);
    setTouched(true);
    setSaid(null);
  };
  const toggle = (key: Key): void => {
    const next = new Set(done);
    if (!next.delete(key)) next.add(key);
    choose(next);
  };
  const save = async (): Promise<void> => {
    const answer = await tell(`/api/v1/patients/${segment(patient)}/assessments`, {
      // Findings alone may be recorded too: a seizure does not wait for the questions.
      ...(touched ? { ice: tally(done) } : {}),
      consciousness,
      ...findings,
    });
    const total = touched ? ` · ${words.say("ice.total", { n: done.size })}` : "";
    setSaid(answer.ok ? { text: words.say("ice.saved") + total, bad: false } : { text: words.say("save.failed", { reason: answer.reason }), bad: true });
    if (answer.ok) {
      // The next assessment starts from nothing: what was tapped for the last one must not be counted into it.
      setDone(new Set());
      setTouched(false);
      setConsciousness("spontaneous");
      setFindings({});
    }
  };
  const nothing = !touched && Object.keys(findings).length === 0;
  return (
    <section class="card stack" id="ice" aria-labelledby="ice-title">
      <div>
        <h2 id="ice-title">{words.say("ice.title")}</h2>
        <p class="said">{words.say("ice.how")}</p>
      </div>
      <div class="ice-items" role="group" aria-labelledby="ice-title">
        {items.map((item) => (
          <button type="button" key={item.key} aria-pressed={done.has(item.key)} onClick={() => toggle(item.key)}>
            {words.say(item.key)}
          </button>
        ))}
      </div>
      <div class="row">
        <button type="button" onClick={() => choose(new Set(items.map((item) => item.key)))}>
          {words.say("ice.all")}
        </button>
        <button type="button" onClick={() => choose(new Set())}>
          {words.say("ice.none")}
        </button>
      </div>
      <ConsciousnessPick
        chosen={consciousness}
        words={words}
        onPick={(state) => {
          setConsciousness(state);
          setSaid(null);
        }}
      />
      <MoreFindings
        found={findings}
        words={words}
        onFind={(next) => {
          setFindings(next);
          setSaid(null);
        }}
      />
      <div class="row save">
        <output class="ice-total" aria-live="polite">
          {touched ? words.say("ice.total", { n: done.size }) : words.say("ice.total", { n: "–" })}
        </output>
        <button type="button" class="main" disabled={nothing} onClick={() => void save()}>
          {words.say("ice.save")}
        </button>
      </div>
      <p class="said" role="status" data-bad={said?.bad || undefined}>
        {said?.text ?? ""}
      </p>
    </section>
  );
}

interface Findings {
  seizure?: "none" | "brief" | "prolonged";
  motor?: boolean;
  edema?: "none" | "focal" | "diffuse";
}

/** The rest of the ICANS table (Lee 2019): rarely there, so behind one tap. What is not chosen stays unknown. */
function MoreFindings({ found, words, onFind }: { found: Findings; words: Speech; onFind: (found: Findings) => void }) {
  const pick = <K extends keyof Findings>(name: K, title: Key, choices: readonly [NonNullable<Findings[K]>, Key][]) => (
    <fieldset>
      <legend class="said">{words.say(title)}</legend>
      <div class="row">
        {choices.map(([value, label]) => (
          <button
            type="button"
            key={String(value)}
            aria-pressed={found[name] === value}
            onClick={() => {
              const { [name]: before, ...rest } = found;
              onFind(before === value ? rest : { ...rest, [name]: value });
            }}
          >
            {words.say(label)}
          </button>
        ))}
      </div>
    </fieldset>
  );
  return (
    <details class="more-findings">
      <summary>{words.say("finding.more")}</summary>
      {pick("seizure", "finding.seizure", [["none", "finding.none"], ["brief", "finding.brief"], ["prolonged", "finding.prolonged"]])}
      {pick("motor", "finding.motor", [[false, "finding.none"], [true, "finding.weak"]])}
      {pick("edema", "finding.edema", [["none", "finding.none"], ["focal", "finding.focal"], ["diffuse", "finding.diffuse"]])}
    </details>
  );
}

function ConsciousnessPick({ chosen, words, onPick }: { chosen: Consciousness; words: Speech; onPick: (state: Consciousness) => void }) {
  return (
    <fieldset>
      <legend class="said">{words.say("ice.consciousness")}</legend>
      <div class="row">
        {states.map((state) => (
          <button type="button" key={state} aria-pressed={state === chosen} onClick={() => onPick(state)}>
            {words.say(`ice.${state}`)}
          </button>
        ))}
      </div>
    </fieldset>
  );
}
