import { test } from "node:test";
import assert from "node:assert/strict";
import { termText } from "../src/words/terms.ts";

test("what the service says of scores is read in Japanese, and its numbers are left as they are", () => {
  const said: [string, string][] = [
    ["fever temperature max 38.7 °C, episode yes", "発熱 最高体温 38.7 °C、CRS の経過 あり"],
    ["phosphate baseline 3.975 mg/dL, phosphate min 24h 2.71 mg/dL, phosphate fall 31.8 %", "血清リン投与前値 3.975 mg/dL、最低の血清リン（24 時間） 2.71 mg/dL、血清リンの低下 31.8 %"],
    ["D1 highest temperature, 6 h (6 h)", "D1 最高体温（6 時間） (6 h)"],
    ["systolic <= 90, or map < 65 [engineering]", "収縮期血圧 ≤ 90、または 平均血圧 < 65 [本ソフトの取り決め]"],
    ["8 or less", "8 以下"],
    ["30 mg/L or more", "30 mg/L 以上"],
    ["12 to 20", "12〜20"],
    ["above 4.67: odds ratio 4.3 for grade 3 or more", "4.67 超：グレード 3 以上のオッズ比 4.3"],
    ["cognition 10", "認知 10"],
    ["il6_max_first_36h", "IL-6 最高値（最初の 36 時間）"],
  ];
  for (const [english, japanese] of said) assert.equal(termText(english, "ja"), japanese);
});

test("English stays as it was sent, and an unknown word stays itself in both", () => {
  assert.equal(termText("fever temperature max 38.7 °C", "en"), "fever temperature max 38.7 °C");
  assert.equal(termText("B9 our own item", "ja"), "B9 our own item");
  assert.equal(termText("axi-cel", "ja"), "axi-cel");
});
