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
    const answer = await tell(`/api/v1/patients/${segment(patient)}/assessments`, { ice: tally(done), consciousness });
    setSaid(answer.ok ? { text: words.say("ice.saved"), bad: false } : { text: words.say("save.failed", { reason: answer.reason }), bad: true });
    if (answer.ok) setTouched(false);
  };
  return (
    <section class="card stack" aria-labelledby="ice-title">
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
      <div class="row save">
        <output class="ice-total" aria-live="polite">
          {touched ? words.say("ice.total", { n: done.size }) : words.say("ice.total", { n: "–" })}
        </output>
        <button type="button" class="main" disabled={!touched} onClick={() => void save()}>
          {words.say("ice.save")}
        </button>
      </div>
      <p class="said" role="status" data-bad={said?.bad || undefined}>
        {said?.text ?? ""}
      </p>
    </section>
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
