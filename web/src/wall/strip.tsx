// The header: ward, every alarmed bed in order of urgency, the clock. And the strip below for what belongs to no bed.
import type { Ref } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Alert } from "../wire.ts";
import type { Speech } from "../words/words.ts";
import { byUrgency, unplaced } from "../ward.ts";
import { GlyphField, signalOf, wordOf } from "../glyph.tsx";
import { bedText } from "../value.ts";
import { attempt, heard, phase, session, skew, unheard, ward } from "../store.ts";
import { isSkewed } from "../watch.ts";
import { Clock } from "./clock.tsx";
import { isAlarmed, isOld, type Seat } from "./place.ts";
import { stalled } from "./loop.ts";
import { audible } from "./voice.ts";

/** How many entries of a row stand in it whole; the others are counted, because half an entry names no bed. */
function useFitting(count: number): { list: Ref<HTMLUListElement>; fitting: number } {
  const list = useRef<HTMLUListElement>(null);
  const [fitting, setFitting] = useState(count);
  useLayoutEffect(() => {
    const edge = list.current?.getBoundingClientRect().right ?? 0;
    const whole = [...(list.current?.children ?? [])].filter((entry) => entry.getBoundingClientRect().right <= edge + 1).length;
    setFitting(whole);
  });
  return { list, fitting };
}

export function Header({ seats, wardName, speech }: { seats: readonly Seat[]; wardName: string; speech: Speech }) {
  const alarmed = seats
    .filter(isAlarmed)
    .flatMap((seat) => (seat.alerts[0] ? [{ seat, alert: seat.alerts[0] }] : []))
    .sort((a, b) => byUrgency(a.alert, b.alert));
  const { list, fitting } = useFitting(alarmed.length);
  return (
    <header class="strip-top">
      <h1 data-size="primary">{wardName}</h1>
      <ul class="alarm-list" ref={list} aria-label={speech.say("patient.alerts")}>
        {alarmed.map(({ seat, alert }, n) => (
          <li key={alert.id} data-cut={n >= fitting || undefined} data-signal={signalOf(alert)} data-state={alert.state} data-beat={alert.priority}>
            <GlyphField alert={alert} />
            <span data-size="primary">{bedText(seat.patient.bed, seat.patient.ward)}</span>
          </li>
        ))}
        {alarmed.length === 0 && ward.value.known ? (
          <li class="calm" data-size="primary" data-old={seats.some(({ patient }) => isOld(patient)) || undefined}>
            {calmText(seats, speech)}
          </li>
        ) : null}
      </ul>
      {alarmed.length > fitting ? (
        <span class="alarms-more" data-size="primary">
          +{alarmed.length - fitting}
        </span>
      ) : null}
      {phase.value === "catching-up" ? (
        <span class="catching" data-size="primary">
          {speech.say("wall.catching")}
        </span>
      ) : null}
      <Clock />
    </header>
  );
}

/** Nobody calls; but over old values that says nothing, and where a machine is in trouble it is said of the beds alone. */
function calmText(seats: readonly Seat[], speech: Speech): string {
  const old = seats.filter(({ patient }) => isOld(patient)).length;
  if (old > 0) return speech.say("wall.oldBeds", { n: old });
  return speech.say(unplaced(ward.value).length > 0 ? "wall.noneOfBeds" : "wall.none");
}

interface StripProps {
  chips: readonly Seat[];
  technical: readonly Alert[];
  small: boolean;
  speech: Speech;
}

/** Beds without a tile, machines and feeds, then what is wrong with this display itself. Quiet when there is nothing. */
export function Strip({ chips, technical, small, speech }: StripProps) {
  const offset = skew.value;
  const open = session.value?.open ?? false;
  const troubles: { key: string; text: string }[] = [];
  if (audible.value === false) troubles.push({ key: "sound", text: speech.say("wall.soundOff") });
  if (isSkewed(offset))
    troubles.push({ key: "skew", text: speech.say("wall.skew", { seconds: Math.round(Math.abs(offset ?? 0) / 1000) }) });
  if (stalled.value !== null) troubles.push({ key: "stalled", text: speech.say("wall.renderStalled", { seconds: stalled.value }) });
  if (small) troubles.push({ key: "small", text: speech.say("wall.small") });
  if (ward.value.refused) troubles.push({ key: "refused", text: speech.say("wall.refused", { reason: ward.value.refused }) });
  return (
    <footer class="strip-bottom">
      {heard.value === "late" ? (
        <p class="late" role="status" data-size="primary">
          {speech.say("wall.late")} {Math.floor(unheard.value / 1000)} {speech.say("unit.second")}
          {attempt.value > 0 ? ` · ${speech.say("wall.lostRetry", { n: attempt.value })}` : ""}
        </p>
      ) : null}
      {chips.length > 0 ? (
        <ul class="chips" aria-label={speech.say("wall.others")}>
          {chips.map(({ patient }) => (
            <li key={patient.id} data-size="primary">
              {bedText(patient.bed, patient.ward)}
            </li>
          ))}
        </ul>
      ) : null}
      {technical.length > 0 ? (
        <div class="machines">
          {technical.map((alert, n) => (
            <p key={alert.id} class="technical" data-signal="technical" data-state={alert.state} data-beat={alert.priority}>
              <GlyphField alert={alert} />
              <span data-size="primary">
                {speech.say(wordOf("technical"))} {technical.length > 1 ? `${n + 1}/${technical.length} ` : ""}
                {speech.both(alert.title)}
              </span>
            </p>
          ))}
        </div>
      ) : null}
      {troubles.map((trouble) => (
        <p key={trouble.key} class="trouble" data-trouble={trouble.key} data-size="primary">
          {trouble.text}
        </p>
      ))}
      {open ? <p class="open">{speech.say("open.notice")}</p> : <p class="open">{speech.say("secondary.notice")}</p>}
    </footer>
  );
}
