#!/usr/bin/env bash
# A real object store on this machine: Ceph's S3 gateway over one monitor and one OSD that keeps its objects in memory.
#
#   ceph_rgw.sh start   starts it unless it runs, and prints the environment that reaches it, NAME=VALUE
#   ceph_rgw.sh stop    stops it and forgets its objects
#   ceph_rgw.sh gateway starts its gateway again, which keeps no objects, after that alone has died
#
# CLEARSTACK_CEPH_RUN is the folder of one that is apart from the others on this machine, CLEARSTACK_CEPH_PORT its port;
# CLEARSTACK_CEPH_BYTES is the memory that its objects may take, 4 GiB unless told.
#
# Needs Debian 12 or a relative of it. Uses Ceph's programs from PATH, else unpacks Debian's packages (62 MB, of 234 MB
# unpacked) below .cache; nothing is installed, no root is needed, and everything listens on 127.0.0.1 only.
set -euo pipefail

home="$(cd "$(dirname "$0")/../.." && pwd)/.cache/object_stores/ceph"
run="${CLEARSTACK_CEPH_RUN:-$home/run}"
conf="$run/ceph.conf"
rgw_port="${CLEARSTACK_CEPH_PORT:-17480}"
mon_port=$((rgw_port - 1))
endpoint="http://127.0.0.1:$rgw_port"
access_key=clearstack
secret_key=clearstack-on-this-machine

fail() {
  echo "ceph_rgw.sh: $1" >&2
  exit 1
}

# What the packages want at run time besides Ceph, and what only their installers want.
unneeded='^(sudo|lvm2|dmeventd|parted|cryptsetup-bin|gdisk|hdparm|logrotate|nvme-cli|smartmontools|xfsprogs|dmidecode|uuid-runtime)$'

unpack() {
  [ -e "$home/root/.complete" ] && return
  command -v apt-get >/dev/null || fail "neither Ceph nor apt-get is here; install radosgw, ceph-mon, ceph-osd and ceph-common"
  rm -rf "$home/root" "$home/debs"
  mkdir -p "$home/root" "$home/debs"
  local names
  names="$(apt-get install --no-install-recommends -s radosgw ceph-mon ceph-osd 2>/dev/null | awk '/^Inst/ {print $2}')" ||
    fail "Debian's packages of Ceph are not known here; run apt-get update first"
  # shellcheck disable=SC2046 # one argument per package
  (cd "$home/debs" && apt-get download -qq $(grep -vE "$unneeded" <<<"$names") 2>"$home/download.log") ||
    fail "Debian's packages of Ceph cannot be downloaded; see $home/download.log"
  for package in "$home"/debs/*.deb; do dpkg -x "$package" "$home/root"; done
  rm -rf "$home/debs"
  touch "$home/root/.complete"
}

use_programs() {
  if command -v radosgw >/dev/null && command -v ceph-mon >/dev/null && command -v ceph-osd >/dev/null; then
    libraries="$(dirname "$(find /usr/lib -name rados-classes -type d | head -n 1)")"
    return
  fi
  unpack
  libraries="$(echo "$home"/root/usr/lib/*-linux-gnu)"
  PATH="$home/root/usr/bin:$PATH"
  export LD_LIBRARY_PATH="$libraries:$libraries/ceph:$home/root/usr/lib:$home/root/lib/$(basename "$libraries")"
  export PYTHONPATH="$home/root/usr/lib/python3/dist-packages"
}

write_conf() {
  cat >"$conf" <<CONF
[global]
fsid = $1
mon host = [v1:127.0.0.1:$mon_port]
auth cluster required = none
auth service required = none
auth client required = none
ms bind ipv6 = false
ms bind msgr2 = false
public addr = 127.0.0.1
cluster addr = 127.0.0.1
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
osd objectstore = memstore
memstore device bytes = ${CLEARSTACK_CEPH_BYTES:-4294967296}
osd heartbeat grace = 3600
osd class dir = $libraries/rados-classes
osd class load list = *
plugin dir = $libraries/ceph
erasure code dir = $libraries/ceph/erasure-code
mon data = $run/mon
osd data = $run/osd
run dir = $run
admin socket = $run/\$name.asok
log file = $run/\$name.log
pid file = $run/\$name.pid

[client]
pid file =

[client.rgw]
pid file = $run/\$name.pid
rgw frontends = beast endpoint=127.0.0.1:$rgw_port
CONF
}

# Now and then an OSD speaks to the monitor before it has learned the cluster's id, and gives up ("wrong fsid").
start_osd() {
  for _ in $(seq 20); do
    ceph-osd -c "$conf" -i 0 && return
    sleep 0.3
  done
  return 1
}

# One chain: the shell's own stop at errors is off in a function whose failure is handled.
launch() {
  monmaptool --create --fsid "$1" --addv a "[v1:127.0.0.1:$mon_port]" "$run/monmap" &&
    ceph-mon -c "$conf" -i a --mkfs --monmap "$run/monmap" &&
    ceph-mon -c "$conf" -i a &&
    timeout 30 ceph -c "$conf" osd new "$2" &&
    ceph-osd -c "$conf" -i 0 --mkfs --osd-uuid "$2" &&
    start_osd &&
    timeout 120 radosgw-admin -c "$conf" user create --uid=clearstack --display-name=Clearstack \
      --access-key="$access_key" --secret-key="$secret_key" &&
    radosgw -c "$conf" -n client.rgw
}

gateway() {
  answers && return
  use_programs
  radosgw -c "$conf" -n client.rgw >>"$run/start.log" 2>&1 || fail "the gateway did not start; see $run/start.log"
  for _ in $(seq 150); do
    answers && return
    sleep 0.2
  done
  fail "the gateway does not answer at $endpoint; see $run/start.log"
}

answers() {
  curl --silent --fail --max-time 2 --output /dev/null "$endpoint/"
}

start() {
  if ! answers; then
    command -v curl >/dev/null || fail "curl is missing"
    stop
    for port in "$mon_port" "$rgw_port"; do
      if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
        fail "port $port is taken; set CLEARSTACK_CEPH_PORT to another, the port below which is free too"
      fi
    done
    use_programs
    mkdir -p "$run/mon" "$run/osd"
    local fsid osd
    fsid="$(cat /proc/sys/kernel/random/uuid)"
    osd="$(cat /proc/sys/kernel/random/uuid)"
    write_conf "$fsid"
    launch "$fsid" "$osd" >"$run/start.log" 2>&1 || { stop; fail "it did not start; see $home/failed.log"; }
    for _ in $(seq 150); do
      answers && break
      sleep 0.2
    done
    answers || { stop; fail "it does not answer at $endpoint; see $home/failed.log"; }
  fi
  # Also where the tests look for it.
  mkdir -p "$run"
  tee "$run/environment" <<ENVIRONMENT
AWS_ENDPOINT_URL=$endpoint
AWS_ACCESS_KEY_ID=$access_key
AWS_SECRET_ACCESS_KEY=$secret_key
AWS_REGION=us-east-1
ENVIRONMENT
}

stop() {
  [ -d "$run" ] || return 0
  for daemon in client.rgw osd.0 mon.a; do
    local pid
    pid="$(cat "$run/$daemon.pid" 2>/dev/null || true)"
    # Only what was started here: the number may belong to another process by now.
    if [ -n "$pid" ] && tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "-c $conf"; then
      kill "$pid"
      for _ in $(seq 50); do
        [ -d "/proc/$pid" ] || break
        sleep 0.1
      done
      [ -d "/proc/$pid" ] && kill -KILL "$pid"
    fi
  done
  [ -e "$run/start.log" ] && cp "$run/start.log" "$home/failed.log"
  rm -rf "$run"
}

case "${1:-}" in
  start) start ;;
  stop) stop ;;
  gateway) gateway ;;
  *) fail "say start, stop or gateway" ;;
esac
