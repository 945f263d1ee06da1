/** Account and container that an `az:` URL means, and their endpoint. */
import { ClearstackError } from "shared/errors.ts";
import { parseObjectUrl } from "../http/object_url.ts";
import { setting, type StoreEnvironment } from "../store_environment.ts";

/** The account that the environment names, with what opens it. */
export interface AzAccount {
  readonly name: string;
  /** Address of its blobs, without a slash at the end. */
  readonly endpoint: string;
  /** Shared key, base64. */
  readonly key?: string | undefined;
  /** Shared access signature, without a question mark. */
  readonly sas?: string | undefined;
}

/** A folder of a container. */
export interface AzPlace {
  readonly account: string;
  readonly container: string;
  /** Address of the container, without a slash at the end. */
  readonly containerUrl: string;
  /** Beginning of its keys: folders and a slash, or nothing. */
  readonly root: string;
  /** The `az:` URL in one spelling. */
  readonly shown: string;
  /** True if the account is the one that the environment names, whose key or signature fit. */
  readonly own: boolean;
}

const CLOUDS = /^[a-z0-9]{3,24}\.blob\.(core\.windows\.net|core\.chinacloudapi\.cn|core\.usgovcloudapi\.net)$/;

const MEND = "credentials come from AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN or an identity, never from a URL";

/**
 * Reads AZURE_STORAGE_CONNECTION_STRING, or AZURE_STORAGE_ACCOUNT with AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN.
 *
 * @throws {ClearstackError} `invalid-request` naming the variable
 */
export function azAccount(environment: StoreEnvironment): AzAccount | undefined {
  const connection = connectionFields(setting(environment, "AZURE_STORAGE_CONNECTION_STRING") ?? "");
  const name = connection.get("accountname") ??
    setting(environment, "AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_ACCOUNT_NAME");
  if (name === undefined) return undefined;
  const suffix = connection.get("endpointsuffix") ?? "core.windows.net";
  const endpoint = (connection.get("blobendpoint") ?? `https://${name}.blob.${suffix}`).replace(/\/+$/, "");
  if (!URL.canParse(endpoint) || !/^https?:/.test(endpoint) || !/^[a-z0-9]{3,24}$/.test(name)) {
    throw new ClearstackError(
      "invalid-request",
      "the Azure account is not usable; check AZURE_STORAGE_ACCOUNT or AZURE_STORAGE_CONNECTION_STRING",
    );
  }
  const key = connection.get("accountkey") ?? setting(environment, "AZURE_STORAGE_KEY", "AZURE_STORAGE_ACCOUNT_KEY");
  const sas = connection.get("sharedaccesssignature") ?? setting(environment, "AZURE_STORAGE_SAS_TOKEN");
  return { name, endpoint, key, sas: sas?.replace(/^\?/, "") };
}

/**
 * Parses `az://CONTAINER/FOLDER` (where the environment names an account), `az://ACCOUNT/CONTAINER/FOLDER`, and
 * `az://ACCOUNT.blob.core.windows.net/CONTAINER/FOLDER`.
 *
 * @throws {ClearstackError} `invalid-request`
 */
export function azPlace(url: string, account: AzAccount | undefined): AzPlace {
  const { host, path, shown } = parseObjectUrl(url, MEND);
  const named = host.includes(".") || account === undefined || host === account.name;
  const [container = "", ...folders] = named ? path.split("/") : [host, ...path.split("/")];
  const name = named ? host.split(".")[0]! : account.name;
  if (host.includes(".") ? !CLOUDS.test(host) : !/^[a-z0-9]{3,24}$/.test(name)) {
    throw new ClearstackError(
      "invalid-request",
      `az: URL: ${host} is no storage account; write az://ACCOUNT/CONTAINER`,
    );
  }
  if (!/^[a-z0-9$][a-z0-9-]{2,62}$/.test(container)) {
    const form = named ? `az://${host}/CONTAINER/FOLDER` : "az://CONTAINER/FOLDER";
    throw new ClearstackError(
      "invalid-request",
      `az: URL: the container's name is missing or not valid; write ${form}`,
    );
  }
  const own = name === account?.name;
  const endpoint = own ? account.endpoint : `https://${host.includes(".") ? host : `${name}.blob.core.windows.net`}`;
  const root = folders.filter((folder) => folder !== "").map((folder) => `${folder}/`).join("");
  return { account: name, container, containerUrl: `${endpoint}/${container}`, root, shown, own };
}

function connectionFields(text: string): Map<string, string> {
  const fields = text.split(";").filter((field) => field.includes("="));
  return new Map(fields.map((field) => {
    const cut = field.indexOf("=");
    return [field.slice(0, cut).trim().toLowerCase(), field.slice(cut + 1).trim()];
  }));
}
