#!/usr/bin/env bash
# Unpacks Python packages of a newer Debian suite beside the system, because the system's own do not read Zarr v3: zarr and
# tifffile of trixie, GDAL of forky (the first that reads shards, in C++ of its own). Prints one line: the path of a launcher
# that takes the arguments of python3. Does nothing the second time.
#
#   infra/oracles/unpack_suite.sh [SUITE]          unpack if needed (one to three minutes), print the launcher
#   infra/oracles/unpack_suite.sh --find [SUITE]   print the launcher if it is there already, else exit with status 1
#
# SUITE is trixie, which is the default, or forky.
# Needs a Debian system with mmdebstrap. The mirror is the one that apt is set up to use.
set -euo pipefail

find=
if [[ ${1:-} == --find ]]; then
  find=1
  shift
fi
suite=${1:-trixie}
case $suite in
  trixie)
    packages=python3-zarr,python3-tifffile
    probe='import zarr; assert zarr.__version__.startswith("3."), zarr.__version__'
    ;;
  forky)
    packages=python3-gdal
    probe='from osgeo import gdal; assert int(gdal.VersionInfo()) >= 3130000, gdal.VersionInfo()'
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

if [[ -x $launcher ]]; then
  echo "$launcher"
  exit 0
elif [[ -n $find ]]; then
  exit 1
fi

command -v mmdebstrap > /dev/null || { echo "mmdebstrap is missing: apt-get install mmdebstrap" >&2; exit 1; }
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Component: main' | sed -n 1p)
[[ -n $mirror ]] || { echo "apt has no Debian mirror set up, or apt-get update has not run yet" >&2; exit 1; }

# Unpacked under another name and moved at the end, so that an interrupted run leaves nothing that looks finished.
mkdir -p "$cache"
partial=$(mktemp -d "$cache/$suite.partial.XXXXXX")
trap 'rm -rf --one-file-system "$partial"' EXIT
mmdebstrap --quiet --variant=apt --include="$packages" --skip=check/qemu,output/dev,output/mknod \
  --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Retries "3"' \
  "$suite" "$partial" "$mirror" >&2
chmod 755 "$partial"
rm -rf --one-file-system "$system"
mv "$partial" "$system"

# The suite's interpreter with the suite's own loader and libraries: no root and no chroot, so it sees the same paths.
libraries=$(cd "$system/usr/lib" && echo "$(uname -m)"-linux-gnu*)
loader=$(cd "$system/usr/lib/$libraries" && echo ld-linux-*.so.*)
cat > "$launcher.partial" << EOF
#!/bin/sh
export PYTHONHOME='$system/usr' PYTHONPATH='$system/usr/lib/python3/dist-packages' PYTHONDONTWRITEBYTECODE=1
usr='$system/usr/lib' lib='$system/usr/lib/$libraries'
exec "\$lib/$loader" --library-path "\$lib:\$lib/blas:\$lib/lapack:\$usr" '$system/usr/bin/python3' "\$@"
EOF
chmod +x "$launcher.partial"
"$launcher.partial" -c "$probe" >&2
mv "$launcher.partial" "$launcher"
echo "$launcher"
