#!/bin/sh
# Works for the external function "ocr" of order.ts: reads pages, that is, writes them in capitals.
#
#   sh examples/external/worker.sh http://127.0.0.1:PORT
#
# Needs curl and sed. Any number of these may run, anywhere; one that dies loses its lease, and another does its work.
address=$1
json='content-type: application/json'

# The text of one field of a JSON object, for values without quotes in them.
field() { printf '%s' "$work" | sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }

while :; do
  # Waits for work, up to 30 s; prints nothing where there was none.
  work=$(curl -sf -m 60 -X POST -H "$json" "$address/external/ocr/claim") || { sleep 1; continue; }
  [ -n "$work" ] || continue
  text=$(field page | tr '[:lower:]' '[:upper:]')
  curl -s -o /dev/null -w "$(field key): %{http_code}\n" -X POST -H "$json" -d "{\"text\":\"$text\"}" \
    "$address/external/claims/$(field claim)/complete"
done
