// Instants and spans as people read them. Nothing here asks what time it is.
import type { Speech } from "./words/words.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** Milliseconds since 1970, or null for what is absent or not an instant. */
export function instant(text: string | null | undefined): number | null {
  if (!text) return null;
  const read = Date.parse(text);
  return Number.isNaN(read) ? null : read;
}

/** `40秒`, `2分`, `5時間`, `3日` (`40s`, `2m`, `5h`, `3d`): one unit, rounded down, because an age must never look younger. */
export function spanText(milliseconds: number, speech: Speech): string {
  const span = Math.max(0, milliseconds);
  const [count, unit] =
    span < minute
      ? [Math.floor(span / second), speech.say("unit.second")]
      : span < 2 * hour
        ? [Math.floor(span / minute), speech.say("unit.minute")]
        : span < 2 * day
          ? [Math.floor(span / hour), speech.say("unit.hour")]
          : [Math.floor(span / day), speech.say("unit.day")];
  return `${count}${unit}`;
}

/** `23分`, `7h`: for the flag of a tile, where 時間 has no room. Rounded down, because a countdown must not promise time. */
export function shortSpanText(milliseconds: number, speech: Speech): string {
  if (milliseconds < hour) return `${Math.floor(Math.max(0, milliseconds) / minute)}${speech.say("unit.minute")}`;
  return `${Math.floor(milliseconds / hour)}h`;
}

/** As `spanText`, but nothing below a minute counts seconds: twelve beds ticking would be motion without news. */
export function ageText(milliseconds: number, speech: Speech): string {
  return milliseconds < minute ? `<${spanText(minute, speech)}` : spanText(milliseconds, speech);
}

/** As `ageText`, where 時間 has no room: `7h`. */
export function shortAgeText(milliseconds: number, speech: Speech): string {
  return milliseconds >= hour && milliseconds < 2 * day ? shortSpanText(milliseconds, speech) : ageText(milliseconds, speech);
}

/**
 * Since when, as a tile says it: `14:05–`. Last night's hours are still to come today, so within twelve hours nobody reads
 * them as today's; what is older says its date, `11/22–`.
 */
export function sinceText(milliseconds: number, now: number): string {
  const at = new Date(milliseconds);
  const isToday = at.toDateString() === new Date(now).toDateString();
  return isToday || now - milliseconds < 12 * hour ? `${clockText(milliseconds)}–` : `${dateText(at)}–`;
}

/** `00:00:14`, for a running counter. */
export function counterText(milliseconds: number): string {
  const whole = Math.max(0, Math.floor(milliseconds / second));
  return [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60].map(two).join(":");
}

/** `4:09`, for a countdown. */
export function countdownText(milliseconds: number): string {
  const whole = Math.max(0, Math.ceil(milliseconds / second));
  return whole >= 3600
    ? `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`
    : `${Math.floor(whole / 60)}:${two(whole % 60)}`;
}

/** `03:10` in the zone of the display. */
export function clockText(milliseconds: number): string {
  const at = new Date(milliseconds);
  return `${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** `11/22 03:10`, with the day because a chart is read later. */
export function stampText(milliseconds: number): string {
  const at = new Date(milliseconds);
  return `${dateText(at)} ${clockText(milliseconds)}`;
}

function dateText(at: Date): string {
  return `${at.getMonth() + 1}/${at.getDate()}`;
}

function two(n: number): string {
  return String(n).padStart(2, "0");
}
