/** Redacts a text that holds URLs, tokens or keys. */

/**
 * User and password, query and fragment of a URL: what is left says where, and nothing that opens it. Of schemes whose URLs
 * every parser mends, those without both slashes, or with backslashes, count too.
 */
const URL_SECRETS =
  /\b((?:https?|wss?|ftp):[\\/]*|[a-z][a-z0-9+.-]{0,30}:\/\/)(?:[^\s/\\?#<>]*@)?([^\s"'<>?#]*)(?:[?#][^\s"'<>]*)?/gi;
const CREDENTIALS = /\b(bearer|basic)\s+[\w.~+/-]+=*/gi;
/** Keys of callers, see functions/api/auth. */
const KEYS = /\bcs_[\w-]{8,}/g;

/** The text without what opens anything. */
export function redactText(text: string): string {
  return text.replace(URL_SECRETS, "$1$2").replace(CREDENTIALS, "$1 [redacted]").replace(KEYS, "cs_[redacted]");
}
