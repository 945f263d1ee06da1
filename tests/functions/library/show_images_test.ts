import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { showImages } from "functions/library/show_images.ts";
import { ClearstackError } from "shared/errors.ts";

const environment = { env: () => undefined };

async function withImage(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-show-" });
  try {
    await Deno.mkdir(`${folder}/image.zarr`);
    await Deno.writeTextFile(`${folder}/image.zarr/zarr.json`, '{"zarr_format": 3}');
    await Deno.writeTextFile(`${folder}/secret.txt`, "nobody's business");
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("images are served to those who were told where, and nothing beside them", () =>
  withImage(async (folder) => {
    const server = await showImages({ image: `${folder}/image.zarr`, environment });
    try {
      const { origin, searchParams } = new URL(server.url);
      const image = searchParams.get("image")!;
      assertMatch(image, /^http:\/\/127\.0\.0\.1:\d+\/data\/[0-9a-f]{32}\/image$/);
      const metadata = await fetch(`${image}/zarr.json`, { headers: { origin: "https://viewer.example" } });
      assertEquals(await metadata.json(), { zarr_format: 3 });
      // Other viewers are pages of other origins.
      assertEquals(metadata.headers.get("access-control-allow-origin"), "*");
      const asked = await fetch(`${image}/zarr.json`, { method: "OPTIONS" });
      await asked.body?.cancel();
      assertEquals([asked.status, asked.headers.get("access-control-allow-headers")], [204, "range"]);
      const statusOf = async (url: string) => {
        const response = await fetch(url);
        await response.body?.cancel();
        return [response.status, response.headers.get("access-control-allow-origin")];
      };
      assertEquals(await statusOf(`${image}/0/zarr.json`), [404, "*"]);
      assertEquals(await statusOf(`${image}/..%2f..%2fsecret.txt`), [400, "*"]);
      assertEquals(await statusOf(image.replace(/[0-9a-f]{32}/, "0".repeat(32))), [404, null]);
      assertEquals(await statusOf(`${origin}/secret.txt`), [404, null]);
    } finally {
      await server.close();
    }
  }));

Deno.test("what is no Zarr is refused before anything is served, with the mend", () =>
  withImage(async (folder) => {
    const { message, kind } = await assertRejects(
      () => showImages({ image: `${folder}/image.zarr`, result: folder, environment }),
      ClearstackError,
    );
    assertEquals(kind, "not-found");
    assert(
      message.includes(`${folder} does not exist, or holds no zarr.json`) && message.includes("convert makes"),
      message,
    );
  }));
