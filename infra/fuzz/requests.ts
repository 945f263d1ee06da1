/** Requests that nobody in their right mind would send: every endpoint, with bodies between almost right and noise. */
import fc from "fast-check";
import { JobRequestSchema } from "shared/contract/job_request.ts";
import { arbitraryOfSchema } from "../../tests/fixtures/arbitrary_of_schema.ts";

/** One request. */
export interface FuzzRequest {
  /** The function it is sent to. */
  readonly to: FunctionName;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer> | undefined;
}

/** Functions to fire at. */
export type FunctionName = "api" | "orchestrate" | "deconvolve" | "pyramid";

/** Material that requests are made of. */
export interface FuzzWorld {
  /** Images and PSFs that exist. */
  readonly sources: readonly string[];
  readonly psfs: readonly string[];
  readonly outputs: readonly string[];
  /** API keys that let somebody in. */
  readonly keys: readonly string[];
  /** Messages between functions. */
  readonly token: string;
}

/** Strings that have broken parsers before. */
export const NASTY = [
  ...["", " "],
  ...words`.. ../../etc/passwd /etc/passwd file:///etc/passwd file://host/share C:\x \\host\x`,
  ...words`memory: memory:fuzz memory:nothing/here memory:a/../b`,
  ...["a\0b", "memory:a\0b", "a\nb"],
  ...words`%00 % %zz http:// http: https://% http://[ http://127.0.0.1/ http://0x7f.1/ https://public.example/a`,
  ...words`http://user:password@public.example/ https://public.example/a?sig=x#y //public.example/a gopher://x`,
  ...words`s3:// s3://a s3://bucket/../x s3://user:password@bucket/x gs://_/x az://x/y az://a.evil.example/c/d`,
  ...words`data:text/plain,x javascript:1 __proto__ constructor`,
  ...["\ud800", "𝔸".repeat(50), "x".repeat(4096), "x".repeat(5000)],
];

function words({ raw }: TemplateStringsArray): string[] {
  return raw[0]!.split(" ");
}

/** Text that a parser may break on. */
export const nastyText = fc.oneof(
  fc.constantFrom(...NASTY),
  fc.string({ maxLength: 40 }),
  fc.webUrl({ withQueryParameters: true }),
);

const nastyValue = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, 0, -1, 0.5, 1e308, 2 ** 53, true, [], {}, [[]], "auto"),
  nastyText,
  fc.jsonValue({ maxDepth: 3 }),
);

/** A request as the contract has it, over images that exist. */
function goodJob({ sources, psfs, outputs }: FuzzWorld): fc.Arbitrary<unknown> {
  const places = fc.record({
    source: fc.record({ url: fc.constantFrom(...sources) }),
    psf: fc.record({ url: fc.constantFrom(...psfs) }),
    output: fc.record({ url: fc.constantFrom(...outputs), ifExists: fc.constant("overwrite") }),
  });
  const rest = fc.oneof(
    fc.constant({}),
    fc.record({ tiling: fc.constantFrom({ tile: [10, 16, 16] }, { tile: [20, 40, 36] }), backend: fc.constant("cpu") }),
    arbitraryOfSchema(JobRequestSchema).map((request) => {
      const { source: _, psf: __, output: ___, ...others } = request as Record<string, unknown>;
      return others;
    }),
  );
  return fc.tuple(places, rest).map(([where, others]) => ({ ...others, ...where }));
}

/** Sets or removes one member somewhere in a JSON value. */
export function mutated(json: unknown, at: number, value: unknown): unknown {
  if (typeof json !== "object" || json === null) return value;
  const names = Object.keys(json);
  if (names.length === 0) return value;
  const name = names[at % names.length]!;
  const members = json as Record<string, unknown>;
  const inner = at % 3 === 0 ? value : mutated(members[name], Math.floor(at / names.length), value);
  return Array.isArray(json) ? json.with(Number(name), inner) : { ...members, [name]: inner };
}

function body(world: FuzzWorld): fc.Arbitrary<FuzzRequest["body"]> {
  const job = goodJob(world);
  const changes = fc.array(fc.tuple(fc.nat(10_000), nastyValue), { minLength: 1, maxLength: 3 });
  const changed = fc.tuple(job, changes).map(([request, list]) =>
    list.reduce<unknown>((json, [at, value]) => mutated(json, at, value), request)
  );
  const text = (json: unknown) => JSON.stringify(json) ?? "";
  return fc.oneof(
    { weight: 6, arbitrary: job.map(text) },
    { weight: 8, arbitrary: changed.map(text) },
    { weight: 1, arbitrary: arbitraryOfSchema(JobRequestSchema).map(text) },
    { weight: 1, arbitrary: fc.tuple(job, fc.nat(400)).map(([json, length]) => text(json).slice(0, length)) },
    { weight: 1, arbitrary: fc.string({ maxLength: 200 }) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => new Uint8Array(bytes)) },
    { weight: 1, arbitrary: fc.nat(3000).map((depth) => "[".repeat(depth)) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
}

/** Header values as HTTP allows them. */
const headerText = fc.stringMatching(/^[ -~]{0,60}$/).map((text) => text.trim());

function headers(tokens: readonly string[]): fc.Arbitrary<Record<string, string>> {
  const authorization = fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(...tokens).map((token) => `Bearer ${token}`) },
    {
      weight: 1,
      arbitrary: fc.constantFrom("Bearer", "Bearer a.b.c", "Bearer cs_a_b", "Basic eDp5", "Bearer e30.e30.", ""),
    },
    { weight: 1, arbitrary: headerText },
  );
  const type = fc.oneof(
    { weight: 12, arbitrary: fc.constant("application/json") },
    {
      weight: 1,
      arbitrary: fc.constantFrom("text/plain", "application/json; charset=utf-8", "application/xml", "", ";"),
    },
  );
  const others = fc.dictionary(
    fc.constantFrom(
      "last-event-id",
      "idempotency-key",
      "accept",
      "origin",
      "x-request-id",
      "range",
      "cookie",
      "expect",
    ),
    fc.oneof(headerText, fc.constantFrom("-1", "9".repeat(30), "%", "*/*", "bytes=0-")),
    { maxKeys: 2 },
  );
  return fc.tuple(authorization, type, others).map(([who, what, rest]) => ({
    ...rest,
    authorization: who,
    "content-type": what,
  }));
}

/** Paths that take a body, those that matter most first. */
const POSTED: Readonly<Record<FunctionName, readonly string[]>> = {
  api: ["/v1/jobs", "/v1/plans"],
  orchestrate: ["/v1/runs", "/v1/plans"],
  deconvolve: ["/v1/tiles", "/v1/seams", "/v1/pilots"],
  pyramid: ["/v1/levels"],
};

const id = fc.oneof(
  fc.constantFrom("none-00000000", "mi2x8k3f-5b0f6a1c", "..", "%2e%2e%2fjobs", "%00", "%ff", "a".repeat(300)),
  fc.string({ maxLength: 20 }).map(encodeURIComponentSafely),
);

function encodeURIComponentSafely(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

const query = fc.oneof(
  { weight: 8, arbitrary: fc.constant("") },
  fc.dictionary(
    fc.constantFrom("limit", "cursor", "state", "owner", "createdAfter", "createdBefore", "output", "backend", "x"),
    fc.oneof(nastyText, fc.constantFrom("1", "0", "-1", "1e9", "running", "2026-01-01T00:00:00Z", "cpu", "NaN")),
    { maxKeys: 3 },
  ).map((entries) => {
    const pairs = Object.entries(entries).map(([name, value]) => `${name}=${encodeURIComponentSafely(value)}`);
    return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
  }),
  fc.constantFrom("?", "?limit", "?limit=%", "?limit=1&limit=2", "?%00=%00", "?__proto__=1"),
);

function pathOf(to: FunctionName): fc.Arbitrary<string> {
  const jobs = POSTED[to][0]!;
  const fixed = ["/", "/healthz", "/readyz", "/openapi.json", "/v1/device", "/v1/events", "//", "/%", "/v1/%2e%2e"];
  return fc.oneof(
    { weight: 24, arbitrary: fc.constantFrom(...POSTED[to]) },
    { weight: 3, arbitrary: id.map((job) => `${jobs}/${job}`) },
    { weight: 1, arbitrary: id.map((job) => `${jobs}/${job}/events`) },
    { weight: 1, arbitrary: fc.constantFrom(...fixed) },
    { weight: 1, arbitrary: fc.webPath() },
  );
}

const method = fc.oneof(
  { weight: 40, arbitrary: fc.constant("POST") },
  { weight: 10, arbitrary: fc.constantFrom("GET", "DELETE") },
  { weight: 1, arbitrary: fc.constantFrom("PUT", "PATCH", "HEAD", "OPTIONS", "PROPFIND") },
);

/** Any of them; most go to the function that faces the network. */
export function fuzzRequest(world: FuzzWorld): fc.Arbitrary<FuzzRequest> {
  const sentTo = (to: FunctionName) =>
    fc.record({
      to: fc.constant(to),
      method,
      path: fc.tuple(pathOf(to), query).map((parts) => parts.join("")),
      headers: headers(to === "api" ? world.keys : [world.token]),
      body: body(world),
    });
  const request = fc.oneof(
    { weight: 7, arbitrary: sentTo("api") },
    ...(["orchestrate", "deconvolve", "pyramid"] as const).map((to) => ({ weight: 1, arbitrary: sentTo(to) })),
  );
  return request.map((sent) => sent.method === "GET" || sent.method === "HEAD" ? { ...sent, body: undefined } : sent);
}
