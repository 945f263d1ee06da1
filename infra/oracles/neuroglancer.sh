#!/usr/bin/env bash
# Makes a neuroglancer that a browser can open, from its npm package, in .cache/neuroglancer. Prints one line: the folder with
# index.html. Does nothing the second time.
#
#   infra/oracles/neuroglancer.sh          make it if needed (a minute), print the folder
#   infra/oracles/neuroglancer.sh --find   print the folder if it is there already, else exit with status 1
#
# DENO names the program to bundle with, where it is not deno.
#
# The package asks for its icons, ikonate, from a Git server. Icons are left out: another package that it needs anyway stands in, and
# the bundle gets an empty picture for each.
set -euo pipefail

version=2.41.2
root=$(cd "$(dirname "$0")/../.." && pwd)
cache=$root/.cache/neuroglancer
built=$cache/built-$version

if [[ ! -e $built/x/index.html ]]; then
  [[ ${1:-} != --find ]] || exit 1
  mkdir -p "$cache"
  # Tests that run side by side ask for it at once: the second waits for the first.
  exec 9> "$cache/lock"
  flock 9
fi
if [[ ! -e $built/x/index.html ]]; then
  cat > "$cache/package.json" << EOF
{
  "private": true,
  "dependencies": { "neuroglancer": "$version", "numcodecs": "0.3.2" },
  "overrides": { "ikonate": "npm:crc-32@1.2.2" }
}
EOF
  (cd "$cache" && npm install --ignore-scripts --omit=optional --no-audit --no-fund --loglevel=error >&2)
  rm -rf "$built.partial"
  "${DENO:-deno}" run -A "$root/infra/oracles/build_neuroglancer.ts" "$cache" "$built.partial" >&2
  mv "$built.partial" "$built"
fi
echo "$built"
