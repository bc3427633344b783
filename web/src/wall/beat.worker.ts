// Runs beside the page: asks every second and measures how long the answer takes.
let askedAt = 0;
let answered = true;
let worst = 0;

setInterval(() => {
  if (answered) {
    answered = false;
    askedAt = performance.now();
    self.postMessage({ stalled: worst });
    worst = 0;
  }
}, 1_000);

self.onmessage = () => {
  worst = performance.now() - askedAt;
  answered = true;
};
