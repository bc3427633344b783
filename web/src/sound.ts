// What an alert sounds like: pure patterns, and one function that writes a pattern into any audio graph. No recordings.
// Pulse counts and lengths use the signal scheme of IEC 60601-1-8; the repeat interval is that of a secondary display.
import type { Priority } from "./wire.ts";

export interface Pulse {
  /** Seconds from the start of the pattern. */
  at: number;
  /** Seconds, rise and fall included. */
  length: number;
  /** Fundamental, Hz (the scheme asks for 150 to 1000). */
  pitch: number;
}

export interface Pattern {
  pulses: Pulse[];
  /** Seconds from one start of the pattern to the next. */
  every: number;
}

export type Loud = Exclude<Priority, "info">;

const rise = 0.025;
/** Strength of the fundamental and its first five overtones: at least four within 15 dB of it. */
export const harmonics = [1, 0.8, 0.62, 0.5, 0.4, 0.3] as const;
const groupGap = 0.22;
const burstGap = 0.5;

/** high: ten pulses as 3+2, gap, 3+2; medium: three; low: two. */
export function patternOf(priority: Loud): Pattern {
  switch (priority) {
    case "high": {
      const five = burst(5, 0.12, 0.05, 523.25, 3);
      const second = endOf(five) + burstGap;
      return { pulses: [...five, ...five.map((pulse) => ({ ...pulse, at: pulse.at + second }))], every: 10 };
    }
    case "medium":
      return { pulses: burst(3, 0.17, 0.08, 440, 3), every: 25 };
    case "low":
      return { pulses: burst(2, 0.17, 0.08, 329.63, 2), every: 30 };
  }
}

function burst(count: number, length: number, gap: number, pitch: number, breakAfter: number): Pulse[] {
  const pulses: Pulse[] = [];
  let at = 0;
  for (let n = 0; n < count; n += 1) {
    if (n === breakAfter) at += groupGap - gap;
    pulses.push({ at, length, pitch });
    at += length + gap;
  }
  return pulses;
}

function endOf(pulses: Pulse[]): number {
  return pulses.reduce((end, pulse) => Math.max(end, pulse.at + pulse.length), 0);
}

/** Seconds from the first rise to the last fall. */
export function lengthOf(pattern: Pattern): number {
  return endOf(pattern.pulses);
}

/** Writes the pattern into an audio graph from `start` (seconds of that graph's clock); `volume` is 0 to 1. */
export function schedule(audio: BaseAudioContext, pattern: Pattern, start: number, volume: number): void {
  const wave = audio.createPeriodicWave(
    new Float32Array(harmonics.length + 1),
    new Float32Array([0, ...harmonics]),
  );
  for (const pulse of pattern.pulses) {
    const voice = audio.createOscillator();
    const swell = audio.createGain();
    voice.setPeriodicWave(wave);
    voice.frequency.value = pulse.pitch;
    const from = start + pulse.at;
    const to = from + pulse.length;
    // Straight ramps of 25 ms: an abrupt edge would click and hide the pulse in the click.
    swell.gain.setValueAtTime(0, from);
    swell.gain.linearRampToValueAtTime(volume, from + rise);
    swell.gain.setValueAtTime(volume, to - rise);
    swell.gain.linearRampToValueAtTime(0, to);
    voice.connect(swell).connect(audio.destination);
    voice.start(from);
    voice.stop(to);
  }
}

export interface SoundChoice {
  night: boolean;
  lowAtNight: boolean;
}

/** What to play for the priorities that call and are not acknowledged: the highest only, low never at night unless asked. */
export function calling(priorities: readonly Priority[], choice: SoundChoice): Loud | null {
  if (priorities.includes("high")) return "high";
  if (priorities.includes("medium")) return "medium";
  if (priorities.includes("low") && (!choice.night || choice.lowAtNight)) return "low";
  return null;
}
