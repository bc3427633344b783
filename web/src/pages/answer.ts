// A listing that a page asks for again and again.
import { signal, type Signal } from "@preact/signals";
import { ask, type Answer } from "../ask.ts";

/** Asks `path`, or whatever a function asks, at once and every `every` ms; the signal is null until the first answer. */
export function watched<T>(path: string | (() => Promise<Answer<T>>), every: number | null): { answer: Signal<Answer<T> | null>; again: () => Promise<void> } {
  const answer = signal<Answer<T> | null>(null);
  const again = async (): Promise<void> => {
    answer.value = await (typeof path === "string" ? ask<T>(path) : path());
  };
  void again();
  if (every !== null) setInterval(() => void again(), every);
  return { answer, again };
}

/** The rows under `name`, or none: a service may leave a listing out. */
export function rows<T>(body: unknown, name: string): T[] {
  if (Array.isArray(body)) return body as T[];
  const found = typeof body === "object" && body !== null ? (body as Record<string, unknown>)[name] : undefined;
  return Array.isArray(found) ? (found as T[]) : [];
}
