#!/usr/bin/env bash
# Unpacks a built vizarr, that of Galaxy's npm package, in .cache/vizarr. Prints one line: its folder. Does nothing the second time.
#
#   infra/oracles/vizarr.sh          unpack it if needed, print the folder
#   infra/oracles/vizarr.sh --find   print the folder if it is there already, else exit with status 1
#
# The package leaves out the script of Blosc, which is that of numcodecs: it lies in numcodecs/ beside index.js.
set -euo pipefail

vizarr=0.1.8 numcodecs=0.3.2
root=$(cd "$(dirname "$0")/../.." && pwd)
cache=$root/.cache/vizarr
unpacked=$cache/unpacked-$vizarr-$numcodecs

if [[ ! -e $unpacked/index.js ]]; then
  [[ ${1:-} != --find ]] || exit 1
  mkdir -p "$cache"
  exec 9> "$cache/lock"
  flock 9
fi
if [[ ! -e $unpacked/index.js ]]; then
  partial=$(mktemp -d "$cache/partial.XXXXXX")
  trap 'rm -rf "$partial"' EXIT
  (cd "$partial" && npm pack --silent "@galaxyproject/vizarr@$vizarr" "numcodecs@$numcodecs" >&2)
  mkdir "$partial/viewer" "$partial/codecs"
  tar -xzf "$partial/galaxyproject-vizarr-$vizarr.tgz" -C "$partial/viewer"
  tar -xzf "$partial/numcodecs-$numcodecs.tgz" -C "$partial/codecs"
  mv "$partial/codecs/package/dist" "$partial/viewer/package/static/numcodecs"
  rm -rf "$unpacked"
  mv "$partial/viewer/package/static" "$unpacked"
fi
echo "$unpacked"
