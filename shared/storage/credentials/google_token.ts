/**
 * Who sends requests to Google Cloud Storage: the key of a service account or the login of a user from a file, or the identity
 * of the machine (GKE, Cloud Run, Compute Engine). Nobody only if asked for. `google-auth-library` cannot be imported where
 * GOOGLE_SDK_NODE_LOGGING may not be read, as in the functions; it asks the metadata server by variables and a fetch of its
 * own, and signs by the machine's clock. It brings 23 packages of 13 MB.
 */
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import { accessToken, parseIdentity, readSecretFile } from "./identity_request.ts";
import { type Refreshing, refreshing } from "./refreshing.ts";
import { serviceAccountAssertion } from "./service_account.ts";
import { isSwitchedOn, oncePerEnvironment, setting, type StoreEnvironment } from "../store_environment.ts";

/** A token that authorises requests; none for anonymous ones. */
interface GoogleToken {
  readonly token: string | undefined;
  /** Milliseconds since 1970. */
  readonly expiresAt?: number;
}

const LOGIN_SERVICE = "https://oauth2.googleapis.com/token";

/** The token of a process, shared by its stores and renewed before it expires. */
export const googleToken: (environment: StoreEnvironment) => Refreshing<GoogleToken> = oncePerEnvironment(
  (environment) => refreshing(() => findToken(environment), environment.now),
);

async function findToken(environment: StoreEnvironment): Promise<GoogleToken> {
  if (isSwitchedOn(environment, "GS_NO_SIGN_REQUEST") || setting(environment, "STORAGE_EMULATOR_HOST") !== undefined) {
    return { token: undefined };
  }
  const token = await fileToken(environment) ?? await machineToken(environment);
  if (token !== undefined) return token;
  throw new ClearstackError(
    "forbidden",
    "no credentials for gs: set GOOGLE_APPLICATION_CREDENTIALS, or run gcloud auth application-default login, or set " +
      "GS_NO_SIGN_REQUEST=true for public buckets",
  );
}

/** From the file that GOOGLE_APPLICATION_CREDENTIALS names, or where gcloud leaves a user's login. */
async function fileToken(environment: StoreEnvironment): Promise<GoogleToken | undefined> {
  const named = setting(environment, "GOOGLE_APPLICATION_CREDENTIALS");
  const text = named === undefined
    ? await gcloudLogin(environment)
    : await readSecretFile(named, "GOOGLE_APPLICATION_CREDENTIALS");
  if (text === undefined) return undefined;
  const fields = parseIdentity("the credentials file", text);
  const field = (name: string) => String(fields[name] ?? "");
  if (fields.type === "service_account") {
    const url = field("token_uri") || LOGIN_SERVICE;
    const assertion = await serviceAccountAssertion(
      { email: field("client_email"), privateKey: field("private_key"), keyId: field("private_key_id"), audience: url },
      (environment.now ?? Date.now)(),
    );
    return await grantedToken(environment, url, {
      grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
      assertion,
    });
  }
  if (fields.type === "authorized_user") {
    return await grantedToken(environment, LOGIN_SERVICE, {
      grant_type: "refresh_token",
      client_id: field("client_id"),
      client_secret: field("client_secret"),
      refresh_token: field("refresh_token"),
    });
  }
  throw new ClearstackError(
    "unsupported",
    `Google credentials of type "${
      field("type")
    }" cannot be used; take a service account's key or the machine's identity`,
  );
}

async function gcloudLogin(environment: StoreEnvironment): Promise<string | undefined> {
  const appData = setting(environment, "APPDATA");
  const home = setting(environment, "HOME");
  const folder = setting(environment, "CLOUDSDK_CONFIG") ?? (appData ? `${appData}/gcloud` : `${home}/.config/gcloud`);
  try {
    return await Deno.readTextFile(`${folder}/application_default_credentials.json`);
  } catch {
    return undefined;
  }
}

/** From the metadata server; undefined where there is none. */
async function machineToken(environment: StoreEnvironment): Promise<GoogleToken | undefined> {
  const host = setting(environment, "GCE_METADATA_HOST") ?? "169.254.169.254";
  try {
    return await accessToken(environment, {
      url: `http://${host}/computeMetadata/v1/instance/service-accounts/default/token`,
      service: "the metadata server",
      headers: { "metadata-flavor": "Google" },
      // Outside Google Cloud nothing answers at all.
      timeoutMs: 2000,
      attempts: 1,
    });
  } catch (error) {
    if (isClearstackError(error, "store-unavailable")) return undefined;
    throw error;
  }
}

async function grantedToken(
  environment: StoreEnvironment,
  url: string,
  form: Readonly<Record<string, string>>,
): Promise<GoogleToken> {
  const request = { url, service: "Google's token service", method: "POST", body: new URLSearchParams(form) } as const;
  return await accessToken(environment, request);
}
