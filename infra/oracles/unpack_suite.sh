#!/usr/bin/env bash
# Unpacks Python packages of a newer Debian suite beside the system, because the system's own do not read Zarr v3. Prints one
# line: the path of a launcher that takes the arguments of python3. Does nothing the second time.
#
#   infra/oracles/unpack_suite.sh [SUITE]          unpack if needed (half a minute or two), print the launcher
#   infra/oracles/unpack_suite.sh --find [SUITE]   print the launcher if it is there already, else exit with status 1
#
# SUITE is trixie, which is the default: zarr-python 3.0 and tifffile; or forky: zarr-python 3.4, GDAL 3.13 (the first that reads
# shards, in C++ of its own), and napari's reader without what draws.
#
# Needs Debian's apt and its mirror, neither root nor packages beyond the base system: nothing is installed, no script of a
# package runs. 400 MB unpacked each.
set -euo pipefail

find=
if [[ ${1:-} == --find ]]; then
  find=1
  shift
fi
suite=${1:-trixie}
# What is unpacked with all it depends on, and what is unpacked alone.
wanted=() alone=()
case $suite in
  trixie)
    wanted=(python3-zarr python3-tifffile)
    probe='import zarr, tifffile; assert zarr.__version__.startswith("3."), zarr.__version__'
    ;;
  forky)
    wanted=(python3-zarr python3-gdal)
    # napari depends on Qt and most of a desktop (2.7 GB); these are what its reader imports, and what zarr reads HTTP with.
    alone=(python3-aiohappyeyeballs python3-aiohttp python3-aiosignal python3-attr python3-frozenlist python3-idna
      python3-multidict python3-propcache python3-yarl
      python3-napari python3-app-model python3-annotated-types python3-cachey python3-click python3-cloudpickle python3-dask
      python3-dotenv python3-flexcache python3-flexparser python3-fsspec python3-heapdict python3-hsluv python3-imageio
      python3-in-n-out python3-lazy-loader python3-locket python3-magicgui python3-napari-plugin-engine python3-npe2 python3-partd
      python3-pil python3-pint python3-platformdirs python3-psutil python3-psygnal python3-pydantic python3-pydantic-core
      python3-pydantic-extra-types python3-pydantic-settings python3-rich python3-tomli-w python3-toolz python3-tqdm
      python3-typing-inspection python3-vispy python3-wrapt)
    probe='import aiohttp, napari_builtins.io._read, zarr; from osgeo import gdal
assert int(gdal.VersionInfo()) >= 3130000, gdal.VersionInfo()'
    ;;
  *)
    echo "unknown suite $suite: expected trixie or forky" >&2
    exit 2
    ;;
esac
root=$(cd "$(dirname "$0")/../.." && pwd)
cache=$root/.cache/oracles
system=$cache/$suite
launcher=$cache/python3-$suite
contents="# unpacked: ${wanted[*]} ${alone[*]}"

mkdir -p "$cache"
if [[ -z $find ]]; then
  # Tests that run side by side ask for it at once: the second waits for the first.
  exec 9> "$cache/$suite.lock"
  flock 9
fi
# One that was made of other packages does not count.
if [[ -x $launcher ]] && grep -qxF -- "$contents" "$launcher"; then
  echo "$launcher"
  exit 0
elif [[ -n $find ]]; then
  exit 1
fi

mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Component: main' | sed -n 1p)
[[ -n $mirror ]] || { echo "apt has no Debian mirror set up, or apt-get update has not run yet" >&2; exit 1; }

# Unpacked under another name and moved at the end, so that an interrupted run leaves nothing that looks finished.
partial=$(mktemp -d "$cache/$suite.partial.XXXXXX")
trap 'rm -rf --one-file-system "$partial"' EXIT

# An apt that knows this suite and nothing that is installed.
mkdir -p "$partial"/{apt/lists/partial,apt/archives/partial,debs,root}
: > "$partial/apt/status"
echo "deb [check-valid-until=no] $mirror $suite main" > "$partial/apt/sources.list"
cat > "$partial/apt.conf" << EOF
Dir::State "$partial/apt";
Dir::State::status "$partial/apt/status";
Dir::Cache "$partial/apt";
Dir::Etc::sourcelist "$partial/apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Acquire::Languages "none";
Acquire::Retries "3";
APT::Install-Recommends "false";
APT::Sandbox::User "$(id -un)";
EOF
export APT_CONFIG=$partial/apt.conf
apt-get update -qq >&2
# What packages want beside what they run with.
unneeded='^(dirmngr|docutils-common|fonts-.*|gnupg.*|gpg.*|libjs-.*|node-.*|perl|perl-modules.*|pinentry.*|python-babel-.*|python3-(babel|docutils|numpy-dev|pydata-sphinx-theme|sphinx)|sphinx-common)$'
apt-get install --simulate "${wanted[@]}" | awk '/^Inst/ { print $2 }' | grep -vE "$unneeded" > "$partial/names"
(cd "$partial/debs" && xargs apt-get download -qq "${alone[@]}" < "$partial/names" >&2)
for package in "$partial"/debs/*.deb; do dpkg -x "$package" "$partial/root"; done
rm -rf --one-file-system "$system"
mv "$partial/root" "$system"

# The suite's interpreter with the suite's own loader and libraries: no root and no chroot, so it sees the same paths.
libraries=$(cd "$system/usr/lib" && echo "$(uname -m)"-linux-gnu*)
loader=$(cd "$system/usr/lib/$libraries" && echo ld-linux-*.so.*)
cat > "$launcher.partial" << EOF
#!/bin/sh
$contents
export PYTHONHOME='$system/usr' PYTHONPATH='$system/usr/lib/python3/dist-packages' PYTHONDONTWRITEBYTECODE=1
export GDAL_DATA='$system/usr/share/gdal' PROJ_DATA='$system/usr/share/proj'
usr='$system/usr/lib' lib='$system/usr/lib/$libraries'
exec "\$lib/$loader" --library-path "\$lib:\$lib/blas:\$lib/lapack:\$usr" '$system/usr/bin/python3' "\$@"
EOF
chmod +x "$launcher.partial"
"$launcher.partial" -W ignore -c "$probe" >&2
mv "$launcher.partial" "$launcher"
echo "$launcher"
