/** What the page's Content-Security-Policy asks of its scripts: threads start from the page's own folder only. */

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

export {};
