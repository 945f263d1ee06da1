/** The file of keys: who may call, and what of it. */
import { z } from "zod";
import { QuotasSchema } from "shared/contract/quotas.ts";
import { ClearstackError } from "shared/errors.ts";
import { KEY_ID, KEY_ID_FORM } from "./api_key.ts";
import { RoleSchema } from "./role.ts";

const KeyRecordSchema = z.strictObject({
  id: z.string().regex(KEY_ID, `an id is ${KEY_ID_FORM}`).refine((id) => id !== "anyone", "this id is taken"),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "a SHA-256 is 64 hexadecimal digits").describe("hash of the whole key"),
  roles: z.array(RoleSchema).min(1),
  quotas: QuotasSchema.optional(),
  created: z.iso.datetime(),
  expires: z.iso.datetime().optional(),
});
export type KeyRecord = z.infer<typeof KeyRecordSchema>;

const KeyRecordsSchema = z.strictObject({ keys: z.array(KeyRecordSchema) });

/**
 * Parses the text of a file of keys.
 *
 * @param where the file's name, for the message
 * @throws {ClearstackError} `invalid-request`; the message holds no hash
 */
export function parseKeyRecords(text: string, where: string): KeyRecord[] {
  const invalid = (why: string) =>
    new ClearstackError("invalid-request", `the keys in ${where} are not usable: ${why}`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw invalid("this is not JSON");
  }
  const parsed = KeyRecordsSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(`${issue!.path.join(".")}: ${issue!.message}`);
  }
  const { keys } = parsed.data;
  const twice = keys.find(({ id }, index) => keys.findIndex((other) => other.id === id) !== index);
  if (twice !== undefined) throw invalid(`${twice.id} is there twice`);
  return keys;
}

/** The text of a file of keys. */
export function formatKeyRecords(keys: readonly KeyRecord[]): string {
  return `${JSON.stringify({ keys }, null, 2)}\n`;
}
