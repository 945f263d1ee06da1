/** Terraform, with stand-ins for the providers. */
import { type Answers, serveSchemas } from "./schema_server/schema_server.ts";
import { PROVIDERS, readSchemas } from "./provider_schema.ts";

/** Runs a command of Terraform in a folder. */
export type RunTerraform = (
  args: readonly string[],
  folder: URL,
) => Promise<{ readonly success: boolean; readonly said: string }>;

/** What clouds would answer about the account. */
const ANSWERS: Answers = {
  aws_caller_identity: { account_id: "111122223333" },
  aws_partition: { partition: "aws" },
  google_project: { number: "123456789012" },
  google_storage_project_service_account: {
    member: "serviceAccount:service-123456789012@gs-project-accounts.iam.gserviceaccount.com",
  },
};

/** Why Terraform cannot be run, or undefined if it can. */
export async function missingTerraform(): Promise<string | undefined> {
  try {
    await new Deno.Command("terraform", { args: ["version"], stdout: "null", stderr: "null" }).output();
    return undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "no terraform on the PATH";
    throw error;
  }
}

/** Lets `use` run Terraform. Nothing is written into the folders it runs in, and nothing of its user's is read. */
export async function withTerraform<T>(use: (run: RunTerraform) => Promise<T>): Promise<T> {
  const server = await serveSchemas(PROVIDERS, await readSchemas(), ANSWERS);
  const scratch = await Deno.makeTempDir({ prefix: "clearstack-terraform-" });
  const environment = {
    HOME: scratch,
    PATH: Deno.env.get("PATH") ?? "",
    CHECKPOINT_DISABLE: "1",
    TF_CLI_CONFIG_FILE: "/dev/null",
    TF_IN_AUTOMATION: "1",
    TF_REATTACH_PROVIDERS: server.reattach,
  };
  try {
    return await use(async (args, folder) => {
      const env = { ...environment, TF_DATA_DIR: `${scratch}/${folder.pathname.replaceAll("/", "_")}` };
      const options = { args: [...args], cwd: folder, env, clearEnv: true };
      const { success, stdout, stderr } = await new Deno.Command("terraform", options).output();
      return { success, said: [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("") };
    });
  } finally {
    server.close();
    await Deno.remove(scratch, { recursive: true });
  }
}
