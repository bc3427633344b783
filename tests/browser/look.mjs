// What tests see of a page: sizes, colours and overlaps as the browser computed them. These functions run inside the page.

/** Every text that must be read at distance, with its font size, box and colours, both phases of a flash included. */
export function texts(page) {
  return page.evaluate(() => {
    const channels = (text) => {
      const numbers = text.match(/-?[\d.]+(?:e-?\d+)?%?/g)?.map(parseFloat) ?? [0, 0, 0];
      const scale = text.startsWith("color(") ? 255 : 1;
      const [r, g, b] = numbers.map((n) => n * scale);
      const alpha = numbers.length > 3 ? numbers[3] : 1;
      return text === "transparent" ? [0, 0, 0, 0] : [r, g, b, alpha];
    };
    const over = (top, below) => top.slice(0, 3).map((n, i) => n * top[3] + below[i] * (1 - top[3]));
    const behind = (element) => {
      const layers = [];
      for (let at = element; at; at = at.parentElement) {
        const layer = channels(getComputedStyle(at).backgroundColor);
        if (layer[3] > 0) layers.push(layer);
        if (layer[3] === 1) break;
      }
      return layers.reverse().reduce((below, layer) => over(layer, below), [0, 0, 0]);
    };
    const light = (rgb) => {
      const linear = rgb.map((n) => (n / 255 <= 0.04045 ? n / 255 / 12.92 : ((n / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    };
    const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
    return [...document.querySelectorAll("[data-size]")]
      .filter((element) => element.getClientRects().length > 0 && element.textContent.trim() !== "")
      .map((element) => {
        const style = getComputedStyle(element);
        const ground = behind(element);
        const box = element.getBoundingClientRect();
        return {
          text: element.textContent.trim(),
          kind: element.dataset.size,
          bed: element.closest(".tile")?.dataset.bed ?? null,
          font: parseFloat(style.fontSize),
          family: style.fontFamily,
          contrast: contrast(over(channels(style.color), ground), ground),
          clipped: element.scrollWidth > element.clientWidth + 1 && style.overflow !== "visible",
          box: { left: box.left, top: box.top, right: box.right, bottom: box.bottom },
        };
      });
  });
}

/** Texts of one tile that run out of it or into each other. */
export function collisions(page) {
  return page.evaluate(() => {
    const found = [];
    const pen = new OffscreenCanvas(1, 1).getContext("2d");
    // A text's own ink, not its line box: tall line boxes may overlap where no letter does.
    const inkOf = (element) => {
      const walk = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
      const ink = { left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity };
      for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        const range = document.createRange();
        range.selectNodeContents(node);
        const lines = [...range.getClientRects()];
        if (lines.length === 0) continue;
        const style = getComputedStyle(node.parentElement);
        pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
        const drawn = pen.measureText(node.data);
        ink.left = Math.min(ink.left, ...lines.map((line) => line.left));
        ink.right = Math.max(ink.right, ...lines.map((line) => line.right));
        // A letter that is drawn lower than its face has it keeps its proportions.
        const scale = lines[0].height / (drawn.fontBoundingBoxAscent + drawn.fontBoundingBoxDescent);
        ink.top = Math.min(ink.top, lines[0].top + (drawn.fontBoundingBoxAscent - drawn.actualBoundingBoxAscent) * scale);
        ink.bottom = Math.max(ink.bottom, lines.at(-1).bottom - (drawn.fontBoundingBoxDescent - drawn.actualBoundingBoxDescent) * scale);
      }
      return ink;
    };
    for (const tile of document.querySelectorAll(".tile")) {
      const frame = tile.getBoundingClientRect();
      const border = parseFloat(getComputedStyle(tile.querySelector(":scope > .frame") ?? tile).borderTopWidth);
      const inner = [...tile.querySelectorAll("[data-size], .sparkline, .flag")]
        .map((element) => {
          const { left, right, top, bottom } = element.matches(".sparkline, .flag") ? element.getBoundingClientRect() : inkOf(element);
          const name = `${element.className || element.dataset.size} "${element.textContent.slice(0, 16)}"`;
          return { name, element, left, right, top, bottom };
        })
        .filter((box) => box.right > box.left);
      for (const one of inner) {
        if (one.left < frame.left + border - 1 || one.right > frame.right - border + 1 || one.bottom > frame.bottom - border + 1)
          found.push(`${tile.dataset.bed}: ${one.name} leaves its tile`);
        for (const other of inner) {
          if (one === other || one.element.contains(other.element) || other.element.contains(one.element)) continue;
          if (one.left < other.right - 1 && other.left < one.right - 1 && one.top < other.bottom - 1 && other.top < one.bottom - 1)
            found.push(`${tile.dataset.bed}: ${one.name} covers ${other.name}`);
        }
      }
    }
    return [...new Set(found)];
  });
}

/** Holds every flash in one phase: 1 is lit, 0 is dim. */
export function hold(page, phase) {
  return page.evaluate((value) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`.lit { opacity: ${value} !important; }`);
    document.adoptedStyleSheets = [sheet];
  }, phase);
}

/** Two seconds and more of what flashes: for each selector the colour at each frame, with its time. */
export function watchColours(page, selectors, milliseconds) {
  return page.evaluate(
    ({ selectors: names, milliseconds: length }) =>
      new Promise((done) => {
        const started = performance.now();
        const seen = names.map(() => []);
        const look = () => {
          const at = performance.now() - started;
          names.forEach((name, n) => {
            const element = document.querySelector(name);
            if (!element) return;
            const style = getComputedStyle(element);
            seen[n].push({ at, background: style.backgroundColor, lit: style.opacity, colour: style.color });
          });
          if (at < length) requestAnimationFrame(look);
          else done(seen);
        };
        look();
      }),
    { selectors, milliseconds },
  );
}

/** Times at which a property changed. */
export function changes(samples, property) {
  return samples.slice(1).flatMap((sample, n) => (sample[property] === samples[n][property] ? [] : [sample.at]));
}
