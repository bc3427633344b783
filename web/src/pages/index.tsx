// The front door: what there is and where.
import { open, spoken } from "../shell.tsx";
import "./pages.css";
import type { Key } from "../words/words.ts";

const rooms: [Key, Key, string][] = [
  ["nav.wall", "overview.wall", "/wall"],
  ["nav.console", "overview.console", "/console"],
  ["nav.intake", "overview.intake", "/intake"],
  ["nav.rules", "overview.rules", "/rules"],
  ["nav.quality", "overview.quality", "/quality"],
  ["nav.scores", "overview.scores", "/scores"],
  ["nav.audit", "overview.audit", "/audit"],
];

open("nav.overview", () => {
  const words = spoken.value;
  return (
    <div class="stack overview">
      <h1>{words.say("overview.title")}</h1>
      <ul class="rooms">
        {rooms.map(([name, about, path]) => (
          <li key={path}>
            <a class="card" href={path}>
              <h2>{words.say(name)}</h2>
              <p>{words.say(about)}</p>
            </a>
          </li>
        ))}
      </ul>
      <p class="said">{words.say("overview.use")}</p>
    </div>
  );
});
