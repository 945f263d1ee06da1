/** Flags made from the settings of a job, see shared/contract/setting.ts. */
import type { z } from "zod";
import { BYTES_FORM, parseBytes } from "shared/config.ts";
import { allowedValues, type NamedSetting, settingForm, settingsOf } from "shared/contract/setting.ts";
import { finiteNumber, finiteNumbers, refusePair, refuseValue, triple } from "./argument_values.ts";
import type { FlagContext, JobFlag } from "./job_flag.ts";

const MAX_VOXELS = 1_000_000;

/** The flags of the settings among the fields of an object schema; `prefix` is where they stand in the request. */
export function settingFlags(shape: Readonly<Record<string, z.ZodType>>, prefix: string): Record<string, JobFlag> {
  const settings = settingsOf(shape);
  return Object.fromEntries(settings.map((setting) => [setting.flag, settingFlag(setting, settings, prefix)]));
}

function settingFlag(setting: NamedSetting, all: readonly NamedSetting[], prefix: string): JobFlag {
  const { name, example, help, beside } = setting;
  if (example === undefined) return { at: `${prefix}${name}`, means: true, help };
  const other = all.find((one) => one.name === beside?.setting);
  return {
    at: `${prefix}${name}`,
    example,
    help,
    // Forms are made when a message needs one: making them takes longer than most commands do.
    get form() {
      return setting.unit === "bytes" ? BYTES_FORM : settingForm(setting);
    },
    read: (text, context) => readSetting(text, setting, context),
    ...(other ? { beside: { flag: other.flag, at: `${prefix}${other.name}`, value: beside!.value } } : {}),
  };
}

async function readSetting(text: string, { schema, unit, flag }: NamedSetting, context: FlagContext): Promise<unknown> {
  if (unit === "bytes") return parseBytes(`--${flag}`, text);
  const { words, number, isTriple, isPair, isList } = allowedValues(schema);
  if (words.includes(text)) return text;
  const refuse = () => refuseValue(context.flag, text, context.form);
  let value: unknown;
  if (isTriple) {
    const given = triple(context.flag, text, context.form, [0, MAX_VOXELS]);
    if (given.length === 2 && await context.sourceHasZ()) refusePair(context.flag, text);
    // A 2-D image is one plane, with no halo along z.
    value = given.length === 3 ? given : [schema.safeParse([0, ...given]).success ? 0 : 1, ...given];
  } else if (isPair || (isList && text.includes(","))) {
    value = finiteNumbers(context.flag, text, context.form);
  } else {
    if (number === undefined || (number.integer && !/^\d{1,15}$/.test(text))) refuse();
    value = finiteNumber(context.flag, text, context.form);
  }
  return schema.safeParse(value).success ? value : refuse();
}
