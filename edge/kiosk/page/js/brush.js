/** Ink on a canvas: round, smooth curves, drawn as the pen moves. */

/** Of the pen, in box heights: 4 px in the textbook's canvas of 200, a little wider on glass. */
const PEN = 0.028;
const THINNEST_PX = 3;

export class Brush {
  #canvas;
  #context;

  constructor(canvas) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d");
  }

  /**
   * Fit the canvas to its place on the screen; what was drawn is gone.
   * @param {DOMRect} canvas where it is, CSS px
   * @param {DOMRect} pad where the points' origin is
   * @param {number} boxHeight CSS px
   */
  fit(canvas, pad, boxHeight) {
    const ratio = window.devicePixelRatio || 1;
    this.#canvas.width = Math.round(canvas.width * ratio);
    this.#canvas.height = Math.round(canvas.height * ratio);
    this.#context.setTransform(
      ratio, 0, 0, ratio, (pad.left - canvas.left) * ratio, (pad.top - canvas.top) * ratio,
    );
    this.#context.lineWidth = Math.max(THINNEST_PX, PEN * boxHeight);
    this.#context.lineCap = "round";
    this.#context.lineJoin = "round";
  }

  /** Draw everything anew. */
  redraw(strokes) {
    this.#context.save();
    this.#context.setTransform(1, 0, 0, 1, 0, 0);
    this.#context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    this.#context.restore();
    for (const points of strokes) {
      this.extend(points, 0);
      this.end(points);
    }
  }

  /** Draw what has been added to a stroke since it had `known` points. */
  extend(points, known) {
    this.#colour();
    // Curves through the middles of its segments, the points themselves as handles: each
    // piece is settled as soon as the next point is there, so nothing is drawn twice.
    for (let i = Math.max(known, 1); i < points.length; i += 1) {
      const [from, to] = [i > 1 ? middle(points[i - 2], points[i - 1]) : points[0], middle(points[i - 1], points[i])];
      this.#context.beginPath();
      this.#context.moveTo(from[0], from[1]);
      this.#context.quadraticCurveTo(points[i - 1][0], points[i - 1][1], to[0], to[1]);
      this.#context.stroke();
    }
  }

  /** Draw the last half segment of a stroke, or its dot. */
  end(points) {
    this.#colour();
    const last = points.at(-1);
    const from = points.length > 1 ? middle(points.at(-2), last) : last;
    this.#context.beginPath();
    this.#context.moveTo(from[0], from[1]);
    this.#context.lineTo(last[0], last[1]);
    this.#context.stroke();
  }

  #colour() {
    this.#context.strokeStyle = getComputedStyle(this.#canvas).color;
  }
}

function middle([x0, y0], [x1, y1]) {
  return [(x0 + x1) / 2, (y0 + y1) / 2];
}
