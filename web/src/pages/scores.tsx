// The scores in use as their tables, with the limits their authors and we put on them.
import { Loading, Missing, open, spoken } from "../shell.tsx";
import "./pages.css";
import type { BothLanguages } from "../wire.ts";
import { termText } from "../words/terms.ts";
import { rows, watched } from "./answer.ts";

interface Score {
  name: string;
  title?: BothLanguages | string;
  table?: { item?: string; condition?: string; points?: number | string | null }[];
  source?: string;
  limits?: string | BothLanguages | string[] | null;
  unit?: string | null;
}

const listing = watched<unknown>("/api/v1/scores", null);

open("scores.title", () => {
  const words = spoken.value;
  const answer = listing.answer.value;
  if (!answer) return <Loading />;
  if (!answer.ok) return <Missing reason={answer.reason} />;
  return (
    <div class="stack">
      <h1>{words.say("scores.title")}</h1>
      {rows<Score>(answer.body, "scores").map((score) => (
        <section class="card stack" key={score.name} id={score.name}>
          <h2>
            {words.both(score.title) || score.name} {score.unit ? <small class="said">{termText(score.unit, words.language)}</small> : null}
          </h2>
          {score.table && score.table.length > 0 ? (
            <div class="table-frame" tabIndex={0} role="region" aria-label={words.both(score.title) || score.name}>
              <table>
                <thead>
                  <tr>
                    <th scope="col">{words.say("scores.item")}</th>
                    <th scope="col">{words.say("scores.condition")}</th>
                    <th scope="col" class="number">
                      {words.say("scores.points")}
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {score.table.map((row, n) => (
                    <tr key={n}>
                      <td>{termText(row.item ?? "", words.language)}</td>
                      <td>{termText(row.condition ?? "", words.language)}</td>
                      <td class="number">{termText(String(row.points ?? ""), words.language)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          ) : null}
          {score.limits ? (
            <p>
              <span class="said">{words.say("scores.limits")}</span>{" "}
              {termText(Array.isArray(score.limits) ? score.limits.join("; ") : words.both(score.limits), words.language)}
            </p>
          ) : null}
          {score.source ? (
            <p class="said">
              {words.say("why.source")} {score.source}
            </p>
          ) : null}
        </section>
      ))}
    </div>
  );
});
