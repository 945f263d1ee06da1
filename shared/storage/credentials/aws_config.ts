/** The files of the AWS command line, ~/.aws/config and ~/.aws/credentials. */
import { setting, type StoreEnvironment } from "../store_environment.ts";

/** Fields of one section of the files. */
type AwsSection = ReadonlyMap<string, string>;

/** What the files say. */
export interface AwsConfig {
  /** By name; a field of the credentials file counts more than that of the config file. */
  readonly profiles: ReadonlyMap<string, AwsSection>;
  /** Sessions of IAM Identity Center, by name. */
  readonly sessions: ReadonlyMap<string, AwsSection>;
  /** Paths of the files, for messages. */
  readonly paths: readonly string[];
}

/** Reads AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE, or the files in the home folder; absent ones are empty. */
export async function readAwsConfig(environment: StoreEnvironment): Promise<AwsConfig> {
  const home = setting(environment, "HOME", "USERPROFILE");
  const pathOf = (variable: string, name: string) => setting(environment, variable) ?? (home && `${home}/.aws/${name}`);
  const config = pathOf("AWS_CONFIG_FILE", "config");
  const credentials = pathOf("AWS_SHARED_CREDENTIALS_FILE", "credentials");
  const profiles = new Map<string, Map<string, string>>();
  const sessions = new Map<string, Map<string, string>>();
  for (const [section, field, value] of await readFields(config)) {
    const [, kind, name = ""] = /^(profile|sso-session) (.+)$/.exec(section) ?? [];
    if (section === "default") add(profiles, section, field, value);
    else if (kind !== undefined) add(kind === "profile" ? profiles : sessions, name, field, value);
  }
  for (const [section, field, value] of await readFields(credentials)) add(profiles, section, field, value);
  return { profiles, sessions, paths: [config, credentials].filter((path) => path !== undefined) };
}

function add(sections: Map<string, Map<string, string>>, name: string, field: string, value: string): void {
  if (!sections.has(name)) sections.set(name, new Map());
  sections.get(name)!.set(field, value);
}

/** Section, name and value of each `name = value` line; indented lines belong to settings that are not needed here. */
async function readFields(path: string | undefined): Promise<[string, string, string][]> {
  const text = path === undefined ? "" : await Deno.readTextFile(path).catch(() => "");
  const fields: [string, string, string][] = [];
  let section = "";
  for (const line of text.split(/\r?\n/)) {
    const header = /^\s*\[\s*([^\]]+?)\s*\]/.exec(line)?.[1];
    if (header !== undefined) section = header.replace(/\s+/g, " ").replace(/["']/g, "");
    const [, field, value] = /^([A-Za-z_]+)\s*=\s*(.*?)(?:\s+[#;].*)?\s*$/.exec(line) ?? [];
    if (field !== undefined) fields.push([section, field.toLowerCase(), value!]);
  }
  return fields;
}
