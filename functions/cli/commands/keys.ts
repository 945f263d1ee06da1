/** `clearstack keys`: the file of API keys that a service accepts. A key is shown once, when it is made; the file has its hash. */
import { apiKeyHash, createApiKey, KEY_ID, KEY_ID_FORM } from "shared/keys/api_key.ts";
import { formatKeyRecords, type KeyRecord, parseKeyRecords } from "shared/keys/key_records.ts";
import { RoleSchema } from "shared/keys/role.ts";
import { ownerWebhookKey, parseWebhookSecret } from "shared/keys/webhook_secret.ts";
import { ClearstackError } from "shared/errors.ts";
import { oneOf, taskNamed, wholeNumber } from "../flags/argument_values.ts";
import type { Command, Io } from "../io.ts";
import { parseArguments } from "../flags/parse_arguments.ts";

const FILE = { form: "the file of keys" };
const DAYS_FORM = "a whole number of days from 1 to 3650";
const DAY_MILLISECONDS = 24 * 3600 * 1000;

const TASKS: Readonly<Record<string, Command>> = {
  create: createCommand,
  list: listCommand,
  remove: removeCommand,
  webhook: webhookCommand,
};

export async function keysCommand(args: readonly string[], io: Io): Promise<number> {
  return await taskNamed("keys", args[0], TASKS)(args.slice(1), io);
}

async function createCommand(args: readonly string[], io: Io): Promise<number> {
  const parsed = parseArguments(args, {
    usage: "keys create ID --file FILE",
    positionals: ["ID"],
    flags: {
      file: FILE,
      roles: { form: "roles separated by commas: read, submit, admin" },
      days: { form: DAYS_FORM },
      quiet: {},
    },
  });
  const id = parsed.positionals[0]!;
  if (!KEY_ID.test(id)) throw new ClearstackError("invalid-request", `"${id}": an id is ${KEY_ID_FORM}`);
  const file = fileOf(parsed.value("file"));
  const records = await readRecords(file, { orNone: true });
  if (records.some((record) => record.id === id)) {
    throw new ClearstackError("conflict", `${file} has a key ${id}: remove it first, or take another id`);
  }
  const key = createApiKey(id);
  const days = parsed.value("days");
  const roles = (parsed.value("roles") ?? "submit").split(",").map((role) => oneOf("roles", role, RoleSchema.options));
  await writeRecords(file, [...records, {
    id,
    sha256: apiKeyHash(key),
    roles,
    created: new Date().toISOString(),
    ...(days === undefined ? {} : { expires: after(wholeNumber("days", days, DAYS_FORM, [1, 3650])) }),
  }]);
  io.out(`${key}\n`);
  if (!parsed.has("quiet")) io.err(`Keep it now: ${file} has its hash only.\n`);
  return 0;
}

async function listCommand(args: readonly string[], io: Io): Promise<number> {
  const { value } = parseArguments(args, { usage: "keys list --file FILE", positionals: [], flags: { file: FILE } });
  for (const { id, roles, created, expires } of await readRecords(fileOf(value("file")))) {
    const end = expires === undefined ? "never expires" : `expires ${expires.slice(0, 10)}`;
    io.out(`${id.padEnd(24)} ${roles.join(",").padEnd(18)} created ${created.slice(0, 10)}, ${end}\n`);
  }
  return 0;
}

async function removeCommand(args: readonly string[]): Promise<number> {
  const { value, positionals: [id] } = parseArguments(args, {
    usage: "keys remove ID --file FILE",
    positionals: ["ID"],
    flags: { file: FILE },
  });
  const file = fileOf(value("file"));
  const records = await readRecords(file);
  const rest = records.filter((record) => record.id !== id);
  if (rest.length === records.length) throw new ClearstackError("not-found", `${file} has no key ${id}`);
  await writeRecords(file, rest);
  return 0;
}

/** The secret that the webhooks of an owner's jobs are signed with, to be handed to that owner. */
async function webhookCommand(args: readonly string[], io: Io): Promise<number> {
  const { positionals: [owner] } = parseArguments(args, {
    usage: "keys webhook OWNER",
    positionals: ["OWNER"],
    flags: {},
  });
  const service = io.environment.env("CLEARSTACK_WEBHOOK_SECRET");
  if (service === undefined) {
    throw new ClearstackError("invalid-request", "CLEARSTACK_WEBHOOK_SECRET is not set: set it to that of the service");
  }
  const key = await ownerWebhookKey(parseWebhookSecret(service), owner);
  io.out(`whsec_${key.toBase64()}\n`);
  return 0;
}

function fileOf(file: string | undefined): string {
  if (file !== undefined) return file;
  throw new ClearstackError("invalid-request", "--file is missing: expected the file of keys");
}

function after(days: number): string {
  return new Date(Date.now() + days * DAY_MILLISECONDS).toISOString();
}

async function readRecords(file: string, { orNone = false } = {}): Promise<KeyRecord[]> {
  try {
    return parseKeyRecords(await Deno.readTextFile(file), file);
  } catch (error) {
    if (error instanceof ClearstackError) throw error;
    if (error instanceof Deno.errors.NotFound && orNone) return [];
    throw new ClearstackError("not-found", `${file} cannot be read: create a key first, or check the path`);
  }
}

/** Beside the file first, so that a service never reads half of it; for its owner's eyes only. */
async function writeRecords(file: string, records: readonly KeyRecord[]): Promise<void> {
  const draft = `${file}.${crypto.randomUUID()}`;
  try {
    await Deno.writeTextFile(draft, formatKeyRecords(records), { mode: 0o600, createNew: true });
    await Deno.rename(draft, file);
  } catch {
    await Deno.remove(draft).catch(() => {});
    throw new ClearstackError("unwritable", `${file} cannot be written: check the folder and the right to write to it`);
  }
}
