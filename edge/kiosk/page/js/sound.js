/** Two tones, made in the browser: accepted, and please look. */

import { choice } from "./choices.js";

/** Hz: a fifth up; the same low tone twice. */
const ACCEPTED = [660, 990];
const PLEASE_LOOK = [330, 330];
const TONE_S = 0.13;
const GAP_S = 0.16;
const LOUDNESS = 0.18;

let context = null;

/** Let the first touch or key allow sound, as browsers demand. */
export function listen() {
  for (const name of ["pointerdown", "keydown"]) {
    window.addEventListener(name, () => open()?.resume(), { once: true, capture: true });
  }
}

export const accepted = () => play(ACCEPTED);
export const pleaseLook = () => play(PLEASE_LOOK);

function open() {
  if (!context && window.AudioContext) context = new AudioContext();
  return context;
}

function play(tones) {
  if (!choice("sound") || !open() || context.state === "suspended") return;
  tones.forEach((hertz, place) => {
    const start = context.currentTime + place * GAP_S;
    const tone = new OscillatorNode(context, { frequency: hertz });
    const volume = new GainNode(context, { gain: 0 });
    // Swelling and fading, so that it doesn't click.
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(LOUDNESS, start + 0.02);
    volume.gain.linearRampToValueAtTime(0, start + TONE_S);
    tone.connect(volume).connect(context.destination);
    tone.start(start);
    tone.stop(start + TONE_S);
  });
}
