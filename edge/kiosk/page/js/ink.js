/**
 * Strokes and the box each belongs to, in CSS px of the pad.
 *
 * A stroke belongs to the box that most of its points are in, as `edge/strokes.py` decides it, so
 * that what is erased with a box is what was read in it.
 */

export const COUNT = 5;
/** As in `edge/strokes.py`: farther from every box, in box widths, a stroke belongs to none. */
const FARTHEST = 0.6;
/** As in `edge/strokes.py`: ink smaller than this, in box heights, is a touch and no digit. */
const LEAST_EXTENT = 0.08;

export class Ink {
  #boxes = [];
  #strokes = [];

  /** The boxes, `[x, y, width, height]` each. */
  get boxes() {
    return this.#boxes;
  }

  /** The strokes, `{box, points: [[x, y, ms], …]}` each. */
  get strokes() {
    return this.#strokes;
  }

  get empty() {
    return this.#strokes.length === 0;
  }

  /** Lay the boxes anew; ink moves and grows with its box. */
  lay(boxes) {
    const old = this.#boxes;
    this.#boxes = boxes;
    if (old.length !== boxes.length) return;
    this.#strokes = this.#strokes.map(({ box, points }) => ({
      box,
      points: points.map(([x, y, ms]) => [...moved(x, y, old[box], boxes[box]), ms]),
    }));
  }

  /**
   * Add a finished stroke.
   * @returns {number|null} its box; null where it is too far from all and was not taken
   */
  add(points) {
    const box = owner(points, this.#boxes);
    if (box !== null) this.#strokes.push({ box, points });
    return box;
  }

  erase(box) {
    this.#strokes = this.#strokes.filter((stroke) => stroke.box !== box);
  }

  clear() {
    this.#strokes = [];
  }

  /** Tell of each box whether it holds a digit, by the size of its ink. */
  filled() {
    return this.#boxes.map((box, place) => {
      const points = this.#strokes.filter((s) => s.box === place).flatMap((s) => s.points);
      return points.length > 0 && extent(points) >= LEAST_EXTENT * box[3];
    });
  }

  /** Return a touch recording: `{boxes, strokes}`, tenths of a pixel, whole milliseconds. */
  recording() {
    return {
      boxes: this.#boxes.map((box) => box.map(tenth)),
      strokes: this.#strokes.map(({ points }) =>
        points.map(([x, y, ms]) => [tenth(x), tenth(y), Math.round(ms)])),
    };
  }
}

/** Return the box that a stroke belongs to, or null. */
export function owner(points, boxes) {
  const inside = boxes.map(() => 0);
  const away = boxes.map(() => 0);
  const nearest = boxes.map(() => Infinity);
  for (const [x, y] of points) {
    boxes.forEach(([left, top, width, height], place) => {
      const beyond = Math.hypot(
        Math.max(left - x, 0, x - left - width), Math.max(top - y, 0, y - top - height),
      );
      if (beyond === 0) inside[place] += 1;
      away[place] += beyond;
      nearest[place] = Math.min(nearest[place], beyond);
    });
  }
  const most = Math.max(...inside);
  const box = most > 0 ? inside.indexOf(most) : away.indexOf(Math.min(...away));
  if (box < 0 || nearest[box] > FARTHEST * boxes[box][2]) return null;
  return box;
}

function moved(x, y, [x0, y0, w0, h0], [x1, y1, w1, h1]) {
  // One scale for both directions: a digit keeps its shape when the screen is turned.
  const scale = Math.min(w1 / w0, h1 / h0);
  return [
    x1 + w1 / 2 + (x - x0 - w0 / 2) * scale,
    y1 + h1 / 2 + (y - y0 - h0 / 2) * scale,
  ];
}

function extent(points) {
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const span = (values) => values.reduce((a, b) => Math.max(a, b)) - values.reduce((a, b) => Math.min(a, b));
  return Math.max(span(xs), span(ys));
}

function tenth(number) {
  return Math.round(number * 10) / 10;
}
