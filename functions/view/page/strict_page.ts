/**
 * What the page's Content-Security-Policy asks of its script, before any other module runs: no code is made from text, and threads
 * start from the page's own folder only.
 */
import { z } from "zod";

/** Trusted Types, which TypeScript's library does not know yet. */
interface TrustedTypes {
  createPolicy(name: string, rules: { readonly createScriptURL: (url: string) => string }): unknown;
}

const { trustedTypes } = globalThis as { readonly trustedTypes?: TrustedTypes };
trustedTypes?.createPolicy("default", {
  createScriptURL(url) {
    if (url.startsWith(new URL(".", import.meta.url).href)) return url;
    throw new TypeError(`${url} is no script of this page`);
  },
});

// zod would try whether it may compile its schemas.
z.config({ jitless: true });
