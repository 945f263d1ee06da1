/** The configuration of upload events: JSON itself, or the path or URL of a file that holds it. */
import { ClearstackError } from "shared/errors.ts";
import { toProblem } from "shared/http/problem.ts";
import { readObjectText } from "shared/storage/http/read_object_text.ts";
import type { StoreEnvironment } from "shared/storage/store_environment.ts";
import { redactUrl } from "shared/storage/url.ts";
import { EventConfigurationSchema } from "./event_rules.ts";
import type { EventSources } from "./event_sources.ts";
import { EventRules } from "./match_event.ts";

/** Accepted senders, and the jobs that their events start. */
export interface EventConfiguration {
  readonly sources: EventSources;
  readonly rules: EventRules;
}

/**
 * Reads and checks the configuration.
 *
 * @param setting JSON that begins with `{`, or a path or URL
 * @throws {ClearstackError} `invalid-request` saying which part is wrong; `not-found`
 */
export async function readEventConfiguration(
  setting: string,
  environment: StoreEnvironment,
): Promise<EventConfiguration> {
  const inline = setting.trimStart().startsWith("{");
  const where = inline ? "the event rules" : `the event rules ${redactUrl(setting)}`;
  const text = inline ? setting : await readObjectText(setting, environment);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ClearstackError("invalid-request", `${where} are not JSON`, { cause });
  }
  const { success, data, error } = EventConfigurationSchema.safeParse(json);
  if (!success) throw new ClearstackError("invalid-request", `${where}: ${toProblem(error).detail}`, { cause: error });
  return { sources: data.sources, rules: new EventRules(data.rules) };
}
