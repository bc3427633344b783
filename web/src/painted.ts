// Receipts for what was drawn: two animation frames after it was drawn the pixels are on the screen, and only then the
// service may believe that somebody can see them. A hidden or frozen page sends none, which is the point.

const calm = 1_000;

export interface Receipts {
  /** A frame was applied; `urgent` ones are receipted at once, others at most once a second. */
  applied: (cursor: string | null, urgent: boolean) => void;
}

/**
 * `withPicture` calls back when what was applied so far is being drawn; without it that is said to be at once. Urgent
 * receipts ask for frames of their own; others wait for the next pictures, which are drawn anyhow.
 */
export function receipts(send: (cursor: string) => void, withPicture?: (draw: () => void) => void): Receipts {
  let latest: string | null = null;
  let sentAt = -Infinity;
  let asked = false;
  let [applied, told] = [0, 0];
  const drawing = withPicture ?? ((draw) => draw());
  const frame = (then: () => void): void => void requestAnimationFrame(then);
  const after = (next: (then: () => void) => void): void =>
    drawing(() => {
      // What is applied after this is in no picture yet and has its own receipt.
      const [drawn, nth] = [latest, applied];
      next(() =>
        next(() => {
          asked = false;
          sentAt = performance.now();
          // An urgent one may have overtaken this.
          if (drawn !== null && nth > told) send(drawn);
          told = Math.max(told, nth);
        }),
      );
    });
  return {
    applied: (cursor, urgent) => {
      latest = cursor;
      applied += 1;
      if (cursor === null || (asked && !urgent)) return;
      if (!urgent && performance.now() - sentAt < calm) return;
      asked = true;
      after(urgent ? frame : (withPicture ?? frame));
    },
  };
}
