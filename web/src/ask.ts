// Questions to the service over HTTP. An answer is never an exception: a page says what it did not get.

export type Answer<T> = { ok: true; body: T } | { ok: false; status: number; reason: string };

const tokenKey = "stormwatch.token";

/** A display's own token, given once behind `#token=` (a fragment never reaches a server's log) and kept on the display. */
export function token(): string | null {
  const given = /[#&]token=([^&]+)/.exec(location.hash)?.[1];
  if (given) {
    localStorage.setItem(tokenKey, decodeURIComponent(given));
    history.replaceState(null, "", location.pathname + location.search);
  }
  return localStorage.getItem(tokenKey);
}

export async function ask<T>(path: string): Promise<Answer<T>> {
  return send<T>("GET", path, undefined);
}

export async function tell<T>(path: string, body: unknown): Promise<Answer<T>> {
  return send<T>("POST", path, body);
}

async function send<T>(method: string, path: string, body: unknown): Promise<Answer<T>> {
  const bearer = token();
  const headers: Record<string, string> = { accept: "application/json" };
  if (bearer) headers["authorization"] = `Bearer ${bearer}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  try {
    const response = await fetch(path, {
      method,
      headers,
      credentials: "same-origin",
      // A question that hangs must not hang a page; the service answers in milliseconds or is in trouble.
      signal: AbortSignal.timeout(10_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const read: unknown = text === "" ? null : parse(text);
    if (response.ok) {
      // An older service answers an unknown path with a page; that is not an answer to the question.
      if (text !== "" && read === undefined) return { ok: false, status: 404, reason: "404" };
      return { ok: true, body: read as T };
    }
    return { ok: false, status: response.status, reason: problem(read) ?? `${response.status} ${response.statusText}`.trim() };
  } catch {
    return { ok: false, status: 0, reason: "" };
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The sentence in an RFC 9457 problem. */
function problem(read: unknown): string | null {
  if (typeof read !== "object" || read === null) return null;
  const { detail, title } = read as { detail?: unknown; title?: unknown };
  return typeof detail === "string" ? detail : typeof title === "string" ? title : null;
}

/** A name inside a path. */
export function segment(name: string): string {
  return encodeURIComponent(name);
}
