/** A tenant with a key who tries, one after the other, what has stopped services for everybody. */
import { countedPages, tiffOf } from "../../tests/fixtures/tiff_pages.ts";
import { zarr3Metadata } from "../../tests/fixtures/zarr3.ts";

/** The service, and what the tenant knows of it. */
export interface Target {
  readonly url: string;
  readonly key: string;
  /** Where this tenant's files lie, and those of the other. */
  readonly own: string;
  readonly others: string;
  /** A server whose documents never end, and one whose documents trickle. */
  readonly endless: string;
  readonly trickling: string;
  /** A file that says which output the other tenant makes next. */
  readonly nextOutput: string;
}

/** Asks for a job or a plan and gives up after some seconds, as rude callers do. */
type Ask = (change: Record<string, unknown>, path?: string) => Promise<number>;

/** Writes what the acts below need. */
export async function prepareHostile(folder: string): Promise<void> {
  const write = async (name: string, content: string | Uint8Array) => {
    await Deno.mkdir(`${folder}/${name}`.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeFile(
      `${folder}/${name}`,
      typeof content === "string" ? new TextEncoder().encode(content) : content,
    );
  };
  const circle = tiffOf(countedPages(1, [3, 5]));
  const view = new DataView(circle.buffer);
  view.setUint32(
    view.getUint32(4, true) + 2 + 12 * view.getUint16(view.getUint32(4, true), true),
    view.getUint32(4, true),
    true,
  );
  await write("circle.tif", circle);
  const ome = (inside: string) =>
    `<OME><Image><Pixels DimensionOrder="XYZCT" SizeX="5" SizeY="3" SizeC="1" SizeT="1" ${inside}`;
  const texts = [
    ome('SizeZ="8000000"><TiffData/></Pixels></Image></OME>'),
    ..."<!-- |<UUID |<TiffData ".split("|").map((text) => ome('SizeZ="1">') + text.repeat(200_000)),
  ];
  for (const [at, text] of texts.entries()) {
    await write(`ome-${at}.tif`, tiffOf(countedPages(1, [3, 5], { 270: text })));
  }
  const array = (shape: readonly number[], dimension_names = ["z", "y", "x"]) =>
    JSON.stringify({
      ...zarr3Metadata({ shape, chunk: shape, dtype: "float64", values: [], metadata: { fill_value: 1 } }),
      dimension_names,
    });
  await write("gigabytes.zarr/zarr.json", array([256, 1024, 1024]));
  await write("uncountable.zarr/zarr.json", array([2 ** 53 - 1, 2 ** 53 - 1, 2 ** 53 - 1]));
  await write("escapes.zarr/zarr.json", array([4, 8, 8], ["\x1b]52;c;eA==\x07", "y", "\x9b2J"]));
  await write("small.zarr/zarr.json", array([4, 8, 8]));
}

/** By what they try, in the order of the threats in docs/security.md. */
export function hostileActs(target: Target): Readonly<Record<string, () => Promise<readonly number[]>>> {
  const { own, others } = target;
  const headers = { authorization: `Bearer ${target.key}`, "content-type": "application/json" };
  const good = {
    source: { url: `${others}/image.zarr` },
    psf: { url: `${others}/psf.zarr` },
    output: { url: `${own}/output.zarr`, ifExists: "overwrite" },
    // Whoever stays within their quotas has a right to be served: little is asked for that is not refused, and it costs little.
    algorithm: { iterations: 1 },
    backend: "cpu",
  };
  const send = async (path: string, init: RequestInit): Promise<number> => {
    try {
      const response = await fetch(target.url + path, { headers, ...init, signal: AbortSignal.timeout(3000) });
      await response.body?.cancel();
      return response.status;
    } catch {
      return 0;
    }
  };
  const ask: Ask = (change, path = "/v1/jobs") =>
    send(path, { method: "POST", body: JSON.stringify({ ...good, ...change }) });
  const source = (name: string) => ask({ source: { url: `${own}/${name}`, allowEmpty: true } });
  const trickle = (path: string) => {
    let timer: ReturnType<typeof setInterval>;
    const body = new ReadableStream({
      start: (stream) => void (timer = setInterval(() => stream.enqueue(new Uint8Array([32])), 100)),
      cancel: () => clearInterval(timer),
    });
    return send(path, { method: "POST", body });
  };
  const many = (count: number, act: () => Promise<number>) => Promise.all(Array.from({ length: count }, act));
  return {
    "directories in a circle": () => many(4, () => source("circle.tif")),
    "OME-XML": () => Promise.all([0, 1, 2, 3].map((at) => source(`ome-${at}.tif`))),
    "a PSF of gigabytes": () => many(4, () => ask({ psf: { url: `${own}/gigabytes.zarr` } })),
    "a document without end": () => many(4, () => ask({ source: { url: `${target.endless}/a.zarr` } })),
    "outputs of others": () =>
      Promise.all(
        ["/image.zarr", "/psf.zarr", "", "/output-1.zarr", "/output-1.zarr/0", "/image.zarr/inside"].map((name) =>
          ask({ output: { url: others + name, ifExists: "overwrite" } })
        ),
      ),
    "a source that changes": async () => {
      await Deno.mkdir(`${own}/changing.zarr`, { recursive: true });
      await Deno.copyFile(`${own}/small.zarr/zarr.json`, `${own}/changing.zarr/zarr.json`);
      const first = source("changing.zarr");
      await Deno.copyFile(`${own}/uncountable.zarr/zarr.json`, `${own}/changing.zarr/zarr.json`);
      return [await first, await source("changing.zarr")];
    },
    "a claim on the next output": () =>
      many(4, async () => {
        const url = await Deno.readTextFile(target.nextOutput);
        return await ask({ source: { url: `${target.trickling}/a.zarr` }, output: { url } });
      }),
    "another Host and Origin": () =>
      many(4, () => send("/v1/jobs", { headers: { ...headers, origin: "http://evil.example", host: "evil.example" } })),
    "memory that is not there": () => many(4, () => ask({ memoryBytes: 2 ** 50 }, "/v1/plans")),
    "URLs that parsers mend": () =>
      Promise.all(
        ["http:\\\\a\\x?X-Amz-Signature=s", "https:/u:p@h", " http://h/"].map((url) => ask({ source: { url } })),
      ),
    "paths that leave": () =>
      Promise.all(["/../../etc/passwd", "/a#/../../x", "/a?/../../x", "/%2e%2e/%2e%2e/x"].map((name) => source(name))),
    "events and bodies that trickle": () =>
      Promise.all([many(30, () => trickle("/v1/events")), many(30, () => trickle("/v1/jobs"))]).then((all) =>
        all.flat()
      ),
    "terminal escapes": () =>
      many(4, () => ask({ source: { url: `${own}/escapes.zarr`, allowEmpty: true } }, "/v1/plans")),
    "odd input": () =>
      Promise.all([
        source("a%zz"),
        source("uncountable.zarr"),
        ask({ priority: 1e9 }),
        ask({ priority: 9, output: { url: "\0" } }),
      ]),
    "asking while a job ends": async () => {
      const accepted = await ask({ output: { url: `${own}/ending.zarr`, ifExists: "overwrite" } });
      return [accepted, ...await many(4, () => ask({}, "/v1/plans")), ...await many(4, () => send("/v1/jobs", {}))];
    },
  };
}
