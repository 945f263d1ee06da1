/** The word that a mistyped one was probably meant to be. */
import { levenshteinDistance } from "@std/text/levenshtein-distance";

/** A longer word is no slip of a finger, and would take long to compare. */
const MAX_LENGTH = 64;

/** One slip in so many letters is still the same word. */
const LETTERS_PER_SLIP = 3;

/**
 * The end of a message that refuses a word.
 *
 * @param word as it was typed
 * @param known all words there are, with their dashes if they are flags
 * @returns `; did you mean WORD?`, or nothing if no word is near
 */
export function didYouMean(word: string, known: readonly string[]): string {
  const typed = word.toLowerCase();
  const letters = typed.replace(/^-+/, "").length;
  if (letters < 2 || typed.length > MAX_LENGTH) return "";
  const slips = (candidate: string) => levenshteinDistance(typed, candidate.toLowerCase());
  const nearest = known.toSorted((a, b) => slips(a) - slips(b))[0];
  const begun = known.find((candidate) => candidate.toLowerCase().startsWith(typed));
  const isNear = nearest !== undefined && slips(nearest) <= Math.ceil(letters / LETTERS_PER_SLIP);
  const meant = isNear ? nearest : begun;
  return meant === undefined ? "" : `; did you mean ${meant}?`;
}
