// Receipts for what was drawn: two animation frames after it was drawn the pixels are on the screen, and only then the
// service may believe that somebody can see them. A hidden or frozen page sends none, which is the point.

const calm = 1_000;

export interface Receipts {
  /** A frame was applied; `urgent` ones are receipted at once, others at most once a second. */
  applied: (cursor: string | null, urgent: boolean) => void;
}

/** `withPicture` calls back when what was applied so far is being drawn; without it that is said to be at once. */
export function receipts(send: (cursor: string) => void, withPicture: (draw: () => void) => void = (draw) => draw()): Receipts {
  let latest: string | null = null;
  let sentAt = -Infinity;
  let asked = false;
  return {
    applied: (cursor, urgent) => {
      latest = cursor;
      if (cursor === null || (asked && !urgent)) return;
      if (!urgent && performance.now() - sentAt < calm) return;
      asked = true;
      withPicture(() => {
        // What is applied after this is in no picture yet and has its own receipt.
        const drawn = latest;
        requestAnimationFrame(() =>
          requestAnimationFrame(() => {
            asked = false;
            sentAt = performance.now();
            if (drawn !== null) send(drawn);
          }),
        );
      });
    },
  };
}
