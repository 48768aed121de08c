/** Which contacts on the glass write: one at a time, a pen before a finger, never a palm. */

/**
 * Contacts larger than this, CSS px, are palms: fingertips press a patch of 8 to 13 mm, and the
 * panels of kiosks have 4 to 6.5 px per mm.
 */
export const PALM_PX = 85;
/** A hand rests on the glass before and after its pen touches, ms. */
const PEN_NEAR_MS = 700;

export class Contacts {
  #writing = null;
  #penSeen = -Infinity;

  /** The contact that writes: its pointer id, or null. */
  get writing() {
    return this.#writing?.id ?? null;
  }

  /** A pen that hovers or writes keeps fingers off. */
  near(event) {
    if (event.pointerType === "pen") this.#penSeen = event.timeStamp;
  }

  /**
   * Look at a contact that begins.
   * @returns {"write"|"replace"|"ignore"} `replace`: write, and drop the stroke that was begun
   */
  down(event) {
    this.near(event);
    if (event.button !== 0 || isPalm(event)) return "ignore";
    if (event.pointerType === "touch" && event.timeStamp - this.#penSeen < PEN_NEAR_MS) {
      return "ignore";
    }
    const replaced = this.#writing;
    if (replaced && !(event.pointerType === "pen" && replaced.type !== "pen")) return "ignore";
    this.#writing = { id: event.pointerId, type: event.pointerType };
    return replaced ? "replace" : "write";
  }

  /**
   * Look at a contact that moves.
   * @returns {"write"|"drop"|"ignore"} `drop`: what began as a fingertip became a palm
   */
  move(event) {
    this.near(event);
    if (event.pointerId !== this.#writing?.id) return "ignore";
    if (!isPalm(event)) return "write";
    this.#writing = null;
    return "drop";
  }

  /** Look at a contact that ends; tells whether it was the one that writes. */
  up(event) {
    this.near(event);
    if (event.pointerId !== this.#writing?.id) return false;
    this.#writing = null;
    return true;
  }
}

function isPalm(event) {
  return event.pointerType === "touch" && Math.max(event.width, event.height) > PALM_PX;
}
