#!/usr/bin/env bash
# Verifies the COSE parts of an unpacked Tallystick receipt with the openssl command alone: no CBOR library, so that the
# layout is read off the bytes as the project's formats fix them.
# Usage: verify-openssl.sh DIR SITE.json; exit 0 = holds, 1 = does not, with one line that says what.
set -euo pipefail
dir=$1
site=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "failed: openssl: $1"
  exit 1
}
hex_of() { od -An -v -tx1 "$1" | tr -d ' \n'; }
bytes_of() { printf '%b' "$(sed 's/../\\x&/g' <<<"$1")"; }
sha256() { bytes_of "$1" | openssl dgst -sha256 -binary | od -An -v -tx1 | tr -d ' \n'; }

# Takes a CBOR head (major type and argument) off the front of $rest: sets $major and $argument.
rest=
major=
argument=
head() {
  local first=$((16#${rest:0:2})) length
  major=$((first >> 5))
  argument=$((first & 31))
  rest=${rest:2}
  case $argument in
    24) length=2 ;;
    25) length=4 ;;
    26) length=8 ;;
    27) length=16 ;;
    *)
      ((argument < 24)) || fail "a CBOR head that the formats do not have"
      return 0
      ;;
  esac
  argument=$((16#${rest:0:length}))
  rest=${rest:length}
}
# Takes exactly these hex digits off the front of $rest.
expect() {
  [[ ${rest:0:${#1}} == "$1" ]] || fail "$2"
  rest=${rest:${#1}}
}
# Takes a byte string off the front of $rest: sets $taken to its content and $encoded to its head and content.
taken=
encoded=
byte_string() {
  local before=$rest
  head
  ((major == 2)) || fail "no byte string where the formats have one"
  taken=${rest:0:argument * 2}
  rest=${rest:argument * 2}
  encoded=${before:0:${#before}-${#rest}}
}

# Reads the fixed begin of a protected header: sets $kid, and checks alg EdDSA.
read_protected() {
  [[ $1 == a501270448* ]] || fail "a protected header that does not begin with alg EdDSA and a key id"
  kid=${1:10:16}
}

# The site's bundle key whose SHA-256 begins with $kid: sets $key.
find_key() {
  local vkey data
  key=
  while read -r vkey; do
    data=$(cut -d+ -f3- <<<"$vkey" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
    if [[ ${data:0:2} == 01 && $(sha256 "${data:2}") == "$kid"* ]]; then
      key=${data:2}
      name=${vkey%%+*}
    fi
  done < <(tr -d '\n' <"$site" | grep -o '"key" *: *"[^"]*"' | sed 's/.*"\([^"]*\)"$/\1/')
  [[ -n $key ]] || fail "the site has no key with the id $kid"
}

# check_signature PROTECTED_WITH_HEAD ROOT SIGNATURE
check_signature() {
  bytes_of "302a300506032b6570032100$key" >"$work/key.der"
  # Sig_structure: ["Signature1", protected, h'', root]
  bytes_of "846a5369676e617475726531${1}405820${2}" >"$work/message"
  bytes_of "$3" >"$work/signature"
  openssl pkeyutl -verify -pubin -keyform DER -inkey "$work/key.der" -rawin -in "$work/message" -sigfile "$work/signature" \
    >/dev/null 2>&1 || fail "the signature of $name does not cover the root $2"
}

# statement.cose: 18([protected, {396: {-1: [bstr]}}, nil, signature])
rest=$(hex_of "$dir/statement.cose")
expect d284 "statement.cose is no tagged COSE_Sign1"
byte_string
protected=$encoded
read_protected "$taken"
expect a119018ca12081 "statement.cose carries no inclusion proof"
byte_string
wrapped=$taken
expect f65840 "statement.cose has no detached payload and signature of 64 bytes"
signature=$rest
((${#signature} == 128)) || fail "statement.cose has no signature of 64 bytes"

# The inclusion proof: [size, index, [path]]
rest=$wrapped
expect 83 "the inclusion proof has not three parts"
head
size=$argument
head
index=$argument
head
count=$argument
((major == 4 && index < size)) || fail "the inclusion proof is malformed"
node=$index
last=$((size - 1))
root=$(sha256 "00$(hex_of "$dir/statement.cbor")")
for ((step = 0; step < count; step++)); do
  expect 5820 "a hash of the path has not 32 bytes"
  sibling=${rest:0:64}
  rest=${rest:64}
  ((last > 0)) || fail "the path is too long"
  if ((node % 2 == 1 || node == last)); then
    root=$(sha256 "01$sibling$root")
    while ((node % 2 == 0 && node > 0)); do
      node=$((node / 2))
      last=$((last / 2))
    done
  else
    root=$(sha256 "01$root$sibling")
  fi
  node=$((node / 2))
  last=$((last / 2))
done
((last == 0)) || fail "the path is too short"
[[ -z $rest ]] || fail "the inclusion proof has bytes left over"

find_key
check_signature "$protected" "$root" "$signature"

# bundle.cose: 18([protected, {}, root, signature]), and the same bundle
[[ $(hex_of "$dir/bundle.cose") == "d284${protected}a05820${root}5840${signature}" ]] ||
  fail "bundle.cose is not the bundle of statement.cose"
echo "ok: openssl: $name signed the statement at position $index of $size and its bundle"
