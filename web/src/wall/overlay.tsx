// What a wall shows when it hears nothing: the old values stay, greyed and crossed, under a text nobody can overlook.
import type { Speech } from "../words/words.ts";
import { attempt, heard, unheard } from "../store.ts";
import { counterText } from "../time.ts";

export function Overlay({ speech }: { speech: Speech }) {
  if (heard.value !== "lost") return null;
  const japanese = speech.language === "ja";
  return (
    <div class="overlay" role="alert">
      <div class="band">
        <span class="band-text" data-size="primary">
          {speech.say("wall.lost")} <b class="counter">{counterText(unheard.value)}</b>
          {japanese ? ` / ${speech.say("wall.noData")}` : ""}
        </span>
      </div>
      <p class="overlay-meaning" data-size="primary">
        {speech.say("wall.lostMeaning")}
        <small>{speech.say("wall.lostRetry", { n: Math.max(1, attempt.value) })}</small>
      </p>
    </div>
  );
}
