/** Version of Clearstack, as told by `--version`, `/openapi.json` and the provenance of outputs. */
export const VERSION = "0.1.0";
