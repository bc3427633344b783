// A priority as a small sign: shape, word, asterisks. For pages read at arm's length.
import type { Alert } from "./wire.ts";
import type { Speech } from "./words/words.ts";
import { Glyph, marks, signalOf, wordOf } from "./glyph.tsx";

export function SignalSign({ alert, words }: { alert: Pick<Alert, "kind" | "priority" | "state">; words: Speech }) {
  const signal = signalOf(alert);
  const calm = alert.state !== "active";
  return (
    <span class="signal" data-signal={signal} data-calm={calm || undefined}>
      <Glyph signal={signal} />
      {words.say(wordOf(signal))}
      <span aria-hidden="true">{marks[alert.priority]}</span>
    </span>
  );
}
