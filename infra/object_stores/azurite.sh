#!/usr/bin/env bash
# Azure Blob Storage as a server on this machine: azurite, from npm.
#
#   azurite.sh start   starts it unless it runs, and prints the environment that reaches it, NAME=VALUE
#   azurite.sh stop    stops it and forgets its objects
#
# Needs Node and npm. Unpacks azurite (365 MB) below .cache; listens on 127.0.0.1 only and keeps its objects in memory.
set -euo pipefail

version=3.37.0
home="$(cd "$(dirname "$0")/../.." && pwd)/.cache/object_stores/azurite"
program="$home/$version/node_modules/azurite/dist/src/blob/main.js"
port="${CLEARSTACK_AZURITE_PORT:-17490}"
account=devstoreaccount1
# The key that every azurite has; published with it.
key='Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='

fail() {
  echo "azurite.sh: $1" >&2
  exit 1
}

install() {
  [ -e "$home/$version/.complete" ] && return
  command -v npm >/dev/null || fail "npm is missing"
  mkdir -p "$home/$version"
  npm install --prefix "$home/$version" --ignore-scripts --omit=dev --no-audit --no-fund --no-save "azurite@$version" \
    >"$home/install.log" 2>&1 || fail "azurite cannot be installed; see $home/install.log"
  touch "$home/$version/.complete"
}

answers() {
  [ -n "$(curl --silent --max-time 2 "http://127.0.0.1:$port/$account?comp=list")" ]
}

start() {
  if ! answers; then
    install
    stop
    mkdir -p "$home/run"
    (
      cd "$home/run"
      nohup node "$program" --blobHost 127.0.0.1 --blobPort "$port" --inMemoryPersistence --silent --disableTelemetry \
        >azurite.log 2>&1 </dev/null &
      echo $! >azurite.pid
    )
    for _ in $(seq 100); do
      answers && break
      sleep 0.2
    done
    answers || fail "it does not answer at port $port; see $home/run/azurite.log"
  fi
  # Also where the tests look for it.
  tee "$home/run/environment" <<ENVIRONMENT
AZURE_STORAGE_CONNECTION_STRING=DefaultEndpointsProtocol=http;AccountName=$account;AccountKey=$key;BlobEndpoint=http://127.0.0.1:$port/$account;
ENVIRONMENT
}

stop() {
  local pid
  pid="$(cat "$home/run/azurite.pid" 2>/dev/null || true)"
  # Only what was started here: the number may belong to another process by now.
  if [ -n "$pid" ] && tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "$program"; then
    kill "$pid"
    for _ in $(seq 50); do
      [ -d "/proc/$pid" ] || break
      sleep 0.1
    done
    [ -d "/proc/$pid" ] && kill -KILL "$pid"
  fi
  rm -rf "$home/run"
}

case "${1:-}" in
  start) start ;;
  stop) stop ;;
  *) fail "say start or stop" ;;
esac
