#!/usr/bin/env bash
# Verifies an unpacked receipt with tools that are not ours.
#   verify-foreign.sh DIR SITE.json [openssl] [python] [go]     (all three when none is named)
#   verify-foreign.sh --missing [openssl] [python] [go]         prints one line for each tool that is not there
# Exit: 0 all ran and hold; 1 something does not hold; 2 wrong usage; 3 something was skipped and nothing failed.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# Prints what a verifier needs and this machine lacks; nothing when it can run.
missing() {
  case $1 in
    openssl)
      # -rawin came with 3.0.
      [[ $(openssl version 2>/dev/null) =~ ^OpenSSL\ ([3-9]|[1-9][0-9])\. ]] || echo "openssl 3.0 or newer"
      ;;
    python)
      if ! command -v python3 >/dev/null; then
        echo "python3"
      elif ! python3 -c 'import cbor2, cryptography' 2>/dev/null; then
        echo "the Python packages of test/foreign/requirements.txt"
      fi
      ;;
    go)
      if ! command -v go >/dev/null; then
        echo "go"
      elif ! (cd "$here/go" && go mod download) >/dev/null 2>&1; then
        echo "the Go module golang.org/x/mod, which could not be downloaded"
      fi
      ;;
    *)
      echo "verify-foreign.sh: there is no verifier $1; use openssl, python or go" >&2
      exit 2
      ;;
  esac
}

run() {
  case $1 in
    openssl) bash "$here/verify-openssl.sh" "$dir" "$site" ;;
    python) python3 "$here/verify.py" "$dir" "$site" ;;
    go) go -C "$here/go" run . "$dir" "$site" ;;
  esac
}

usage() {
  echo "usage: verify-foreign.sh DIR SITE.json [openssl] [python] [go]" >&2
  exit 2
}

if [[ ${1:-} == --missing ]]; then
  shift
  for tool in "${@:-}"; do
    [[ -n $tool ]] || usage
    missing "$tool"
  done
  exit 0
fi

(($# >= 2)) || usage
[[ -d $1 && -f $2 ]] || usage
dir=$(cd "$1" && pwd)
site=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
shift 2
(($# > 0)) || set -- openssl python go

failed=0
skipped=0
for tool in "$@"; do
  lack=$(missing "$tool") || exit 2
  if [[ -n $lack ]]; then
    echo "skipped: $tool: needs $lack"
    skipped=1
  elif ! run "$tool"; then
    failed=1
  fi
done
((failed == 0)) || exit 1
((skipped == 0)) || exit 3
