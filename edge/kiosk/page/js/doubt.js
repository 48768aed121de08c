/** What is known of a reading: its digits as they stand, and which of them are doubtful. */

/**
 * In a reading that was not accepted, digits less sure than this are asked about: where all five
 * were this sure, three postcodes of four would be right.
 */
const SURE = 0.95;

/** How a reading stands: `corrected`, `accepted` or `doubtful`. */
export function standing(reading) {
  if (reading.corrected) return "corrected";
  return reading.status === "accepted" ? "accepted" : "doubtful";
}

/** The five characters that count, null where a box has none. */
export function characters(reading) {
  const word = reading.corrected ?? reading.postcode ?? reading.guess;
  return Array.from({ length: 5 }, (_, place) =>
    word?.[place] ?? reading.digits[place]?.digit ?? null);
}

/**
 * The places, 0 to 4, of digits to look at; none in a reading that stands.
 * Where every digit is sure by itself, the least sure one.
 */
export function doubtfulPlaces(reading) {
  if (standing(reading) !== "doubtful" || reading.digits.length === 0) return [];
  const sureness = reading.digits.map(({ digit, confidence }) => (digit === null ? -1 : confidence));
  const places = [...sureness.keys()].filter((place) => sureness[place] < SURE);
  // Where digits that are all sure make no postcode, nobody knows which of them is wrong.
  if (places.length || reading.reason === "not-in-directory") return places;
  return [sureness.indexOf(Math.min(...sureness))];
}

/** The next best digits of a place, at most two; none where the box is blank. */
export function alternatives(reading, place) {
  const { digit, alternatives: others = [] } = reading.digits[place] ?? {};
  return digit === null ? [] : others.slice(0, 2);
}
