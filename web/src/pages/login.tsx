// Logging in. The service sets the cookie; this page keeps nothing.
import { signal } from "@preact/signals";
import { open, spoken } from "../shell.tsx";
import "./pages.css";
import { tell } from "../ask.ts";
import { session } from "../store.ts";

const wrong = signal<string | null>(null);

/** Back to where the log-in was asked for, but only on this service: an address from outside is not followed. */
export function backTo(query: string): string {
  const wish = new URLSearchParams(query).get("next") ?? "/console";
  return /^\/(?![/\\])/.test(wish) ? wish : "/console";
}

open("login.title", () => {
  const words = spoken.value;
  return (
    <form
      class="card stack login"
      onSubmit={(event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        wrong.value = null;
        void tell("/api/v1/login", { name: form.get("name"), password: form.get("password") }).then((answer) => {
          if (answer.ok) location.assign(backTo(location.search));
          else wrong.value = answer.status === 401 || answer.status === 403 ? words.say("login.wrong") : answer.reason || words.say("missing.unreachable");
        });
      }}
    >
      <h1>{words.say("login.title")}</h1>
      {session.value?.open ? <p>{words.say("login.openHere")}</p> : null}
      <label>
        {words.say("login.name")}
        <input name="name" autocomplete="username" required />
      </label>
      <label>
        {words.say("login.password")}
        <input name="password" type="password" autocomplete="current-password" required />
      </label>
      <button type="submit" class="main">
        {words.say("login.do")}
      </button>
      <p class="said" data-bad role="alert">
        {wrong.value ?? ""}
      </p>
    </form>
  );
});
