// What pictures of games are drawn on: a canvas that fits its place, and the page's colours.

const NAMES = ["ground", "card", "line", "ink", "soft", "brand", "gold", "good", "bad", "standard", "premium", "accessible", "companion"];

/** The page's colours by name, as they are in this light. */
export function colours() {
  const style = getComputedStyle(document.documentElement);
  const probe = document.createElement("canvas").getContext("2d");
  return Object.fromEntries(NAMES.map((name) => {
    const mark = document.body.appendChild(document.createElement("i"));
    mark.style.color = `var(--${name})`;
    probe.fillStyle = getComputedStyle(mark).color || style.color;
    mark.remove();
    return [name, probe.fillStyle];
  }));
}

export class Paper {
  #canvas;
  #pen;
  /** How many dots of the canvas a pixel of the page has. */
  ratio = 1;

  /** `relit` is told when the page's colours are others. */
  constructor(canvas, relit) {
    [this.#canvas, this.#pen] = [canvas, canvas.getContext("2d")];
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", relit);
    this.#fit();
    new ResizeObserver(() => this.#fit()).observe(canvas);
  }

  #fit() {
    this.ratio = Math.min(2, devicePixelRatio || 1);
    const { clientWidth, clientHeight } = this.#canvas;
    this.#canvas.width = Math.max(1, Math.round(clientWidth * this.ratio));
    this.#canvas.height = Math.max(1, Math.round(clientHeight * this.ratio));
  }

  /** How large it is, in pixels of the page. */
  get size() { return { width: this.#canvas.width / this.ratio, height: this.#canvas.height / this.ratio }; }

  /** Wipes it with `tone`; the pen draws in units of which one has `scale` pixels, with (`x`, `y`) in the middle. */
  begin(tone, scale, x, y) {
    const { width, height } = this.#canvas;
    const pen = this.#pen;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.fillStyle = tone;
    pen.fillRect(0, 0, width, height);
    const dots = scale * this.ratio;
    pen.setTransform(dots, 0, 0, dots, width / 2 - x * dots, height / 2 - y * dots);
    return pen;
  }
}
