/** The word that a mistyped one was probably meant to be. */
import { levenshteinDistance } from "@std/text/levenshtein-distance";

/** A longer word is no slip of a finger, and would take long to compare. */
const MAX_LENGTH = 64;

/** One slip in so many letters is still the same word. */
const LETTERS_PER_SLIP = 3;

/**
 * The rest of a message that refuses a word: the likely one first, then where all are told.
 *
 * @param word as it was typed
 * @param known all words there are, with their dashes if they are flags
 * @param all says which there are. @default {all of them}
 * @returns `did you mean WORD? (ALL)`, or `ALL` if no word is near
 */
export function expectedInstead(
  word: string,
  known: readonly string[],
  all = `expected one of ${known.join(", ")}`,
): string {
  const meant = nearest(word, known);
  return meant === undefined ? all : `did you mean ${meant}? (${all})`;
}

function nearest(word: string, known: readonly string[]): string | undefined {
  const typed = word.toLowerCase();
  const letters = typed.replace(/^-+/, "").length;
  if (letters < 2 || typed.length > MAX_LENGTH) return undefined;
  const slips = (candidate: string) => levenshteinDistance(typed, candidate.toLowerCase());
  const closest = known.toSorted((a, b) => slips(a) - slips(b))[0];
  const isNear = closest !== undefined && slips(closest) <= Math.ceil(letters / LETTERS_PER_SLIP);
  return isNear ? closest : known.find((candidate) => candidate.toLowerCase().startsWith(typed));
}
