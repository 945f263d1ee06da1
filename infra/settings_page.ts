/**
 * Writes docs/settings.md from the schemas of the settings.
 *
 *     deno run -A infra/settings_page.ts
 */
import { BYTES_FORM } from "shared/config.ts";
import { AlgorithmSettings } from "shared/contract/algorithm.ts";
import { JobRequestSchema, OutputSchema, TilingSchema } from "shared/contract/job_request.ts";
import { LocationSchema } from "shared/contract/location.ts";
import { OpticsSchema } from "shared/contract/psf_info.ts";
import { settingForm, settingsOf } from "shared/contract/setting.ts";
import { writePage } from "./write_page.ts";

const INTRODUCTION = `# Settings of a job

Each setting stands in a job request under its name and on the command line behind its flag. This page is made from the
schemas in \`shared/contract\` by \`deno run -A infra/settings_page.ts\`.

| setting | flag | default | value | what it does |
| --- | --- | --- | --- | --- |
`;

/** The page, before it is formatted. */
export function settingsPage(): string {
  const groups = [["source.", LocationSchema], ["psf.optics.", OpticsSchema], ["algorithm.", AlgorithmSettings], [
    "tiling.",
    TilingSchema,
  ], [
    "output.",
    OutputSchema,
  ], [
    "",
    JobRequestSchema,
  ]] as const;
  const rows = groups.flatMap(([prefix, { shape }]) =>
    settingsOf(shape).map((setting) => {
      const { data } = setting.schema.safeParse(undefined);
      const form = setting.unit === "bytes" ? BYTES_FORM : settingForm(setting);
      const usual = data === undefined ? "" : `\`${data}\``;
      return `| \`${prefix}${setting.name}\` | \`--${setting.flag}\` | ${usual} | ${form} | ${setting.help} |\n`;
    })
  );
  return INTRODUCTION + rows.join("");
}

if (import.meta.main) await writePage(new URL("../docs/settings.md", import.meta.url).pathname, settingsPage());
