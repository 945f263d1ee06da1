#!/bin/sh
# What an image starts: a function with the permissions that its settings need and no others, or the command line.
#
#   clearstack deconvolve      when the name alone is given: serves the function
#   clearstack doctor          any command of the command line
set -eu
cd /opt/clearstack
case "${1:-} $#" in
  "api 1" | "orchestrate 1" | "deconvolve 1" | "pyramid 1" | "view 1")
    flags=$(deno run --quiet --no-prompt --allow-env --allow-read=/opt/clearstack permission_flags.js "$1")
    # One word for each flag: permission_flags refuses paths with spaces.
    # shellcheck disable=SC2086
    exec deno run --quiet "-P=$1" --no-prompt $flags "$1.js"
    ;;
esac
# For the commands that it tells people to give.
export CLEARSTACK_CALLED_AS=clearstack
exec deno run --quiet -A clearstack.js "$@"
