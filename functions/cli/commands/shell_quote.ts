/** Words as a POSIX shell reads them back: quoted where they have to be. */
export function shellQuote(words: readonly string[]): string {
  return words.map((word) => /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
}
